using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>The edges of compact-encoding.</summary>
public sealed class CompactReaderTests
{
    [Theory]
    [InlineData("fd0500", 5)]
    [InlineData("fe05000000", 5)]
    [InlineData("ff0500000000000000", 5)]
    [InlineData("ffffffffffffff1f00", CompactReader.MaxUInt)]
    public void A_number_longer_than_it_needs_to_be_is_taken(string hex, long expected)
    {
        new CompactReader(Convert.FromHexString(hex)).TryReadUInt(out long value).ShouldBeTrue();
        value.ShouldBe(expected);
    }

    [Theory]
    [InlineData("ff00000000000020 00")]
    [InlineData("ffffffffffffffffff")]
    public void A_number_above_53_bits_is_refused_as_such(string hex)
    {
        CompactReader reader = new(Convert.FromHexString(hex.Replace(" ", "")));
        reader.TryReadUInt(out long value).ShouldBeFalse();
        value.ShouldBe(0);
        reader.NumberTooLarge.ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("fd00")]
    [InlineData("fe000000")]
    [InlineData("ff00000000000000")]
    public void A_number_cut_short_is_no_number(string hex)
    {
        CompactReader reader = new(Convert.FromHexString(hex));
        reader.TryReadUInt(out _).ShouldBeFalse();
        reader.NumberTooLarge.ShouldBeFalse();
    }

    [Fact]
    public void A_small_number_that_is_none_becomes_the_greatest()
    {
        new CompactReader([0xFF, 0, 0, 0, 0, 1, 0, 0, 0]).TryReadSmallUInt(out uint value).ShouldBeTrue();
        value.ShouldBe(uint.MaxValue, "cut to 32 bits it would be 0, another command");
    }

    [Theory]
    [InlineData("02", 1)]
    [InlineData("0201", 1)]
    [InlineData("fe00001000", 1)]
    [InlineData("02010203040500", 6)]
    [InlineData("ffffffffffffff1f00", 6)]
    public void A_count_beyond_the_bytes_there_are_is_refused(string hex, int itemLength)
    {
        CompactReader reader = new(Convert.FromHexString(hex));
        reader.TryReadCount(itemLength, out int count).ShouldBeFalse();
        count.ShouldBe(0);
    }

    [Fact]
    public void An_optional_buffer_without_bytes_is_none()
    {
        CompactReader reader = new([0, 1, 9]);
        reader.TryReadOptionalBuffer(out bool isPresent, out _).ShouldBeTrue();
        isPresent.ShouldBeFalse();
        reader.TryReadOptionalBuffer(out isPresent, out ReadOnlySpan<byte> bytes).ShouldBeTrue();
        isPresent.ShouldBeTrue();
        bytes.ToArray().ShouldBe([9]);
        reader.TryReadOptionalBuffer(out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_mapped_address_becomes_IPv4()
    {
        byte[] bytes = [.. new byte[10], 0xFF, 0xFF, 1, 2, 3, 4, 80, 0];
        new CompactReader(bytes).TryReadEndpointIPv6(out UdpEndpoint endpoint).ShouldBeTrue();
        endpoint.ShouldBe(UdpEndpoint.FromIPv4(0x01020304, 80));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(252)]
    [InlineData(253)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void A_buffer_whose_length_comes_last_has_the_shortest_length(int length)
    {
        byte[] content = new byte[length];
        new Random(length).NextBytes(content);
        byte[] expected = new byte[length + 10];
        CompactWriter plain = new(expected);
        plain.UInt(7);
        plain.Buffer(content);
        plain.UInt(8);

        byte[] buffer = new byte[length + 10];
        CompactWriter writer = new(buffer);
        writer.UInt(7);
        int start = writer.BeginBuffer();
        writer.Fixed(content);
        writer.EndBuffer(start);
        writer.UInt(8);

        writer.Written.ToArray().ShouldBe(plain.Written.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(299)]
    [InlineData(301)]
    [InlineData(302)]
    public void What_does_not_fit_leaves_nothing_behind(int capacity)
    {
        CompactWriter writer = new(new byte[capacity]);
        int start = writer.BeginBuffer();
        writer.Fixed(new byte[300]);
        writer.EndBuffer(start);
        writer.Overflowed.ShouldBeTrue();

        writer.Fixed([]);
        writer.UInt(300);
        writer.UInt(1);
        writer.Endpoint(UdpEndpoint.FromIPv4(1, 1));
        writer.EndBuffer(writer.BeginBuffer());

        writer.Overflowed.ShouldBeTrue();
        writer.Length.ShouldBe(0);
        writer.Written.Length.ShouldBe(0);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(CompactReader.MaxUInt + 1)]
    [InlineData(long.MinValue)]
    public void A_number_that_no_node_could_read_is_not_written(long value) =>
        Should.Throw<ArgumentOutOfRangeException>(() => new CompactWriter(new byte[16]).UInt(value));

    [Fact]
    public void Only_IPv4_is_written()
    {
        Should.Throw<ArgumentException>(() => new CompactWriter(new byte[16]).Endpoint(UdpEndpoint.FromIPv6(1, 2, 3)));
        Should.Throw<ArgumentException>(() => new CompactWriter(new byte[18]).EndpointIPv6(UdpEndpoint.FromIPv4(1, 2)));
        Should.Throw<ArgumentException>(() => RpcContact.FromEndpoint(UdpEndpoint.FromIPv6(1, 2, 3)));
    }
}
