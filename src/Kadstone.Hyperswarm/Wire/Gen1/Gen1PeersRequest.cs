using System.Diagnostics;
using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>The value of a request of the command <c>peers</c>: announce, lookup and unannounce are one command, a query first and then updates.</summary>
/// <param name="Type">What it wants.</param>
/// <param name="Port">The port of the peer; 0 is the source port of the request.</param>
/// <param name="LocalAddress">The peer's address in its own network; null if none is given. Of port 0 in a lookup that only wants local peers.</param>
/// <remarks>hyperdht 1.3.0, schema.proto and <c>_processPeers</c>.</remarks>
internal readonly record struct Gen1PeersRequest(Gen1PeersType Type, ushort Port, UdpEndpoint? LocalAddress)
{
    /// <summary>The most that <see cref="Write"/> takes.</summary>
    public const int MaxLength = 14;

    /// <summary>Reads the value of a request. A local address that has not 6 bytes is none.</summary>
    /// <returns>False when it is to be answered without a value, and counted under <paramref name="why"/>.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out Gen1PeersRequest request, out Gen1Malformed why)
    {
        request = default;
        Gen1FieldReader fields = new(value);
        ulong? type = null;
        ulong port = 0;
        UdpEndpoint? localAddress = null;
        while (fields.TryNext())
        {
            switch (fields.Number)
            {
                case Gen1Field.PeersType:
                    if (fields.TryReadVarint(out ulong readType))
                    {
                        type = readType;
                    }

                    break;
                case Gen1Field.PeersPort:
                    fields.TryReadVarint(out port);
                    break;
                case Gen1Field.PeersLocalAddress:
                    fields.TryReadBytes(out ReadOnlySpan<byte> bytes);
                    localAddress = bytes.Length == 6 && UdpEndpoint.TryReadCompact(bytes, out UdpEndpoint local) ? local : null;
                    break;
                default:
                    fields.TrySkip();
                    break;
            }
        }

        why = fields.Why != Gen1Malformed.None ? fields.Why
            : type is null ? Gen1Malformed.NoPeersType
            : port > ushort.MaxValue ? Gen1Malformed.BadPort
            : Gen1Malformed.None;
        if (why != Gen1Malformed.None)
        {
            return false;
        }

        request = new Gen1PeersRequest((Gen1PeersType)Math.Min(type.GetValueOrDefault(), (ulong)Gen1PeersType.Unknown), (ushort)port, localAddress);
        return true;
    }

    /// <summary>Writes the value.</summary>
    /// <returns>The length; 0 when it does not fit.</returns>
    public int Write(Span<byte> destination)
    {
        Gen1FieldWriter fields = new(destination);
        fields.Varint(Gen1Field.PeersType, (uint)Type);
        fields.Varint(Gen1Field.PeersPort, Port);
        if (LocalAddress is { } local)
        {
            Debug.Assert(local.IsIPv4, "the generation knows IPv4 only");
            Span<byte> place = fields.Reserve(Gen1Field.PeersLocalAddress, local.CompactLength);
            if (!place.IsEmpty)
            {
                local.WriteCompact(place);
            }
        }

        return fields.Length;
    }
}
