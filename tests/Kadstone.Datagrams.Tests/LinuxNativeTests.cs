using System.Runtime.CompilerServices;

namespace Kadstone.Datagrams.Tests;

public sealed unsafe class LinuxNativeTests
{
    [Fact]
    public void The_layouts_are_those_of_64_bit_Linux()
    {
        Unsafe.SizeOf<LinuxNative.Buffer>().ShouldBe(16);
        Unsafe.SizeOf<LinuxNative.MessageHeader>().ShouldBe(64);
        Unsafe.SizeOf<LinuxNative.PollDescriptor>().ShouldBe(8);
    }

    [Theory]
    [InlineData("1.2.3.4:6881", true, "0200 1AE1 01020304")]
    [InlineData("1.2.3.4:6881", false, "0A00 1AE1 00000000 00000000000000000000FFFF01020304 00000000")]
    [InlineData("[2001:db8::1]:1", false, "0A00 0001 00000000 20010DB8000000000000000000000001 00000000")]
    public void An_address_is_written_as_the_kernel_wants_it_and_read_back(string text, bool toIPv4Socket, string expected)
    {
        UdpEndpoint.TryParse(text, out UdpEndpoint endpoint).ShouldBeTrue();
        byte* address = stackalloc byte[32];
        int length = (int)LinuxNative.WriteAddress(address, endpoint, toIPv4Socket);
        length.ShouldBe(toIPv4Socket ? 16 : 28);
        byte[] wanted = Convert.FromHexString(expected.Replace(" ", "", StringComparison.Ordinal));
        new ReadOnlySpan<byte>(address, wanted.Length).ToArray().ShouldBe(wanted);
        LinuxNative.ReadAddress(address).ShouldBe(endpoint);
    }

    [Fact]
    public void An_IPv6_endpoint_is_refused_by_an_IPv4_socket_rather_than_cut()
    {
        byte* address = stackalloc byte[32];
        LinuxNative.WriteAddress(address, UdpEndpoint.FromIPv6(0x20010DB800000000, 1, 1), toIPv4Socket: true);
        (*(ushort*)address).ShouldBe((ushort)10);
    }
}
