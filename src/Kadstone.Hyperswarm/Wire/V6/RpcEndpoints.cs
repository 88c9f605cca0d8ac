using System.Buffers.Binary;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>IPv4 endpoints as they stand in a packet, 6 bytes each, read as they are asked for.</summary>
/// <remarks>npm dht-rpc 6: 4 address bytes and a port in LITTLE endian. The first generation's ports are big endian.</remarks>
internal readonly ref struct RpcEndpoints
{
    private RpcEndpoints(ReadOnlySpan<byte> packed) => Packed = packed;

    /// <summary>The bytes of all, one after the other.</summary>
    public ReadOnlySpan<byte> Packed { get; }

    /// <summary>How many there are.</summary>
    public int Count => Packed.Length / CompactReader.EndpointLength;

    /// <summary>One of them.</summary>
    public UdpEndpoint this[int index] => Read(Packed.Slice(index * CompactReader.EndpointLength, CompactReader.EndpointLength));

    /// <summary>Endpoints from their packed form; an incomplete last one is cut.</summary>
    public static RpcEndpoints FromPacked(ReadOnlySpan<byte> packed) =>
        new(packed[..(packed.Length - packed.Length % CompactReader.EndpointLength)]);

    /// <summary>Packs endpoints into <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">The destination is too short, or an endpoint is not IPv4.</exception>
    public static RpcEndpoints Pack(scoped ReadOnlySpan<UdpEndpoint> endpoints, Span<byte> destination)
    {
        for (int i = 0; i < endpoints.Length; i++)
        {
            Write(destination[(i * CompactReader.EndpointLength)..], endpoints[i]);
        }

        return new RpcEndpoints(destination[..(endpoints.Length * CompactReader.EndpointLength)]);
    }

    /// <summary>The first <paramref name="count"/> of them, or all if there are fewer.</summary>
    public RpcEndpoints Take(int count) => new(Packed[..(Math.Min(count, Count) * CompactReader.EndpointLength)]);

    /// <summary>Walks the endpoints in the order of the packet.</summary>
    public Enumerator GetEnumerator() => new(Packed);

    /// <summary>Reads the 6 bytes of an endpoint.</summary>
    internal static UdpEndpoint Read(ReadOnlySpan<byte> bytes) =>
        UdpEndpoint.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes), BinaryPrimitives.ReadUInt16LittleEndian(bytes[4..]));

    /// <summary>Writes the 6 bytes of an endpoint.</summary>
    /// <exception cref="ArgumentException">The destination is too short, or the endpoint is not IPv4.</exception>
    internal static void Write(Span<byte> destination, UdpEndpoint endpoint)
    {
        if (!endpoint.IsIPv4 || destination.Length < CompactReader.EndpointLength)
        {
            throw new ArgumentException("An IPv4 endpoint and 6 bytes to take it.", nameof(endpoint));
        }

        BinaryPrimitives.WriteUInt32BigEndian(destination, (uint)endpoint.AddressLow);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], endpoint.Port);
    }

    /// <summary>Walks the endpoints.</summary>
    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> packed)
        {
            _rest = packed;
            Current = default;
        }

        /// <summary>The present endpoint.</summary>
        public UdpEndpoint Current { get; private set; }

        /// <summary>Steps to the next endpoint.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            Current = Read(_rest);
            _rest = _rest[CompactReader.EndpointLength..];
            return true;
        }
    }
}
