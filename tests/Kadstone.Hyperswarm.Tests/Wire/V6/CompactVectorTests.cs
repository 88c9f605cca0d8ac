using System.Text;
using System.Text.Json;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>compact-encoding, as npm compact-encoding writes it.</summary>
public sealed class CompactVectorTests
{
    private delegate void Writing(ref CompactWriter writer);

    [Fact]
    public void Numbers()
    {
        foreach (JsonElement item in HyperVectors.List("compactEncoding/uint"))
        {
            CompactReader reader = new(item.Hex("hex"));
            reader.TryReadUInt(out long value).ShouldBeTrue();
            value.ShouldBe(item.Number("value"));
            reader.AtEnd.ShouldBeTrue();
            CompactWriter.LengthOf(value).ShouldBe(item.Hex("hex").Length);
            Written((ref writer) => writer.UInt(item.Number("value"))).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Numbers_of_fixed_width()
    {
        foreach (JsonElement item in HyperVectors.List("compactEncoding/uint16"))
        {
            new CompactReader(item.Hex("hex")).TryReadUInt16(out ushort value).ShouldBeTrue();
            value.ShouldBe((ushort)item.Number("value"));
            Written((ref writer) => writer.UInt16(value)).ShouldBe(item.Hex("hex"));
        }

        foreach (JsonElement item in HyperVectors.List("compactEncoding/uint32"))
        {
            new CompactReader(item.Hex("hex")).TryReadUInt32(out uint value).ShouldBeTrue();
            value.ShouldBe((uint)item.Number("value"));
            Written((ref writer) => writer.UInt32(value)).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Buffers_and_strings()
    {
        foreach ((byte[] value, byte[] encoded) in HyperVectors.List("compactEncoding/buffer").Select(item => (item.Hex("value"), item.Hex("hex")))
            .Concat(HyperVectors.List("compactEncoding/string").Select(item => (Encoding.UTF8.GetBytes(item.Text("value")), item.Hex("hex")))))
        {
            CompactReader reader = new(encoded);
            reader.TryReadBuffer(out ReadOnlySpan<byte> read).ShouldBeTrue();
            read.ToArray().ShouldBe(value);
            reader.AtEnd.ShouldBeTrue();
            Written((ref writer) => writer.Buffer(value)).ShouldBe(encoded);
            Written((ref writer) =>
            {
                int start = writer.BeginBuffer();
                writer.Fixed(value);
                writer.EndBuffer(start);
            }).ShouldBe(encoded);
        }
    }

    [Fact]
    public void Bytes_of_fixed_length()
    {
        JsonElement item = HyperVectors.At("compactEncoding/fixed32");
        new CompactReader(item.Hex("hex")).TryReadFixed(32, out ReadOnlySpan<byte> bytes).ShouldBeTrue();
        bytes.ToArray().ShouldBe(item.Hex("value"));
        new CompactReader(item.Hex("hex")).TryReadKey(out Kademlia.Key256 key).ShouldBeTrue();
        key.ToString().ShouldBe(item.Text("value"));
        Written((ref writer) => writer.Fixed(item.Hex("value"))).ShouldBe(item.Hex("hex"));
        Written((ref writer) => writer.Key(key)).ShouldBe(item.Hex("hex"));
    }

    [Fact]
    public void Addresses_have_little_endian_ports()
    {
        foreach (JsonElement item in HyperVectors.List("compactEncoding/ipv4Address"))
        {
            new CompactReader(item.Hex("hex")).TryReadEndpoint(out UdpEndpoint endpoint).ShouldBeTrue();
            endpoint.ShouldBe(item.Endpoint());
            Written((ref writer) => writer.Endpoint(endpoint)).ShouldBe(item.Hex("hex"));
        }

        foreach (JsonElement item in HyperVectors.List("compactEncoding/ipv6Address"))
        {
            new CompactReader(item.Hex("hex")).TryReadEndpointIPv6(out UdpEndpoint endpoint).ShouldBeTrue();
            endpoint.ShouldBe(item.Endpoint());
            Written((ref writer) => writer.EndpointIPv6(endpoint)).ShouldBe(item.Hex("hex"));
        }
    }

    [Fact]
    public void Arrays_of_addresses()
    {
        JsonElement item = HyperVectors.At("compactEncoding/ipv4Array");
        UdpEndpoint[] expected = item.Endpoints("value");
        new CompactReader(item.Hex("hex")).TryReadEndpoints(out RpcEndpoints endpoints).ShouldBeTrue();

        endpoints.Count.ShouldBe(expected.Length);
        endpoints[1].ShouldBe(expected[1]);
        endpoints.Take(1).Count.ShouldBe(1);
        List<UdpEndpoint> walked = [];
        foreach (UdpEndpoint endpoint in endpoints)
        {
            walked.Add(endpoint);
        }

        walked.ShouldBe(expected);
        Written((ref writer) => writer.Endpoints(RpcEndpoints.Pack(expected, new byte[12]))).ShouldBe(item.Hex("hex"));
        Written((ref writer) => writer.Endpoints(expected.Select(RpcContact.FromEndpoint).ToArray())).ShouldBe(item.Hex("hex"));
    }

    private static byte[] Written(Writing write)
    {
        byte[] buffer = new byte[1024];
        CompactWriter writer = new(buffer);
        write(ref writer);
        writer.Overflowed.ShouldBeFalse();
        return writer.Written.ToArray();
    }
}
