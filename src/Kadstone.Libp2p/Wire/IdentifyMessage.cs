using System.Text;
using System.Text.Unicode;

namespace Kadstone.Libp2p;

/// <summary>What a peer says of itself. What is null was not said.</summary>
/// <remarks>libp2p identify 1.0. The same message may come in several frames, of which each adds to the lists.</remarks>
internal sealed record IdentifyMessage
{
    /// <summary>8,192: the longest frame.</summary>
    public const int MaxLength = 8192;

    /// <summary>10: the most frames of one message.</summary>
    public const int MaxFrames = 10;

    private const int MaxAddresses = 500;
    private const int MaxProtocols = 500;
    private const int MaxTextLength = 256;

    public PublicKey? Key { get; init; }

    public IReadOnlyList<Multiaddr>? Addresses { get; init; }

    public IReadOnlyList<string>? Protocols { get; init; }

    public Multiaddr? ObservedAddress { get; init; }

    public string? ProtocolVersion { get; init; }

    public string? AgentVersion { get; init; }

    /// <summary>The envelope as it came; not opened.</summary>
    public ReadOnlyMemory<byte>? SignedRecord { get; init; }

    /// <summary>Reads one frame and adds it to what came before; null when it is no such message.</summary>
    public static IdentifyMessage? TryAdd(IdentifyMessage before, ReadOnlySpan<byte> frame)
    {
        List<Multiaddr> addresses = [.. before.Addresses ?? []];
        List<string> protocols = [.. before.Protocols ?? []];
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> observed = default;
        ReadOnlySpan<byte> protocolVersion = default;
        ReadOnlySpan<byte> agentVersion = default;
        ReadOnlySpan<byte> signedRecord = default;
        int named = 0;
        ProtobufReader reader = new(frame);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Type != ProtobufWireType.Bytes)
            {
                continue;
            }

            // Of what is there once the last counts, and only that is read further.
            named |= field.Number is 1 or 4 or 5 or 6 or 8 ? 1 << field.Number : 0;
            switch (field.Number)
            {
                case 1:
                    key = field.Bytes;
                    break;
                case 2 when addresses.Count < MaxAddresses && Multiaddr.TryRead(field.Bytes, out Multiaddr? address):
                    addresses.Add(address);
                    break;
                case 3 when protocols.Count < MaxProtocols && Text(field.Bytes) is string protocol:
                    protocols.Add(protocol);
                    break;
                case 4:
                    observed = field.Bytes;
                    break;
                case 5:
                    protocolVersion = field.Bytes;
                    break;
                case 6:
                    agentVersion = field.Bytes;
                    break;
                case 8:
                    signedRecord = field.Bytes;
                    break;
            }
        }

        return reader.IsMalformed ? null : before with
        {
            Key = IsNamed(1) ? PublicKey.TryRead(key, out PublicKey? read) ? read : null : before.Key,
            Addresses = addresses.Count > 0 ? addresses : null,
            Protocols = protocols.Count > 0 ? protocols : null,
            ObservedAddress = IsNamed(4) ? Multiaddr.TryRead(observed, out Multiaddr? seen) ? seen : null : before.ObservedAddress,
            ProtocolVersion = IsNamed(5) ? Text(protocolVersion) : before.ProtocolVersion,
            AgentVersion = IsNamed(6) ? Text(agentVersion) : before.AgentVersion,
            SignedRecord = IsNamed(8) ? signedRecord.ToArray() : before.SignedRecord,
        };

        bool IsNamed(int number) => (named & (1 << number)) != 0;
    }

    /// <summary>One frame, without its length. What does not fit into <see cref="MaxLength"/> is left out from the end: record, protocols, addresses.</summary>
    public byte[] Encode()
    {
        byte[] buffer = new byte[MaxLength];
        ProtobufWriter writer = new(buffer);
        WriteText(ref writer, 5, ProtocolVersion);
        WriteText(ref writer, 6, AgentVersion);
        if (Key is not null)
        {
            writer.WriteBytes(1, Key.Encoded.Span);
        }

        if (ObservedAddress is not null)
        {
            writer.WriteBytes(4, ObservedAddress.Bytes.Span);
        }

        foreach (Multiaddr address in Addresses ?? [])
        {
            if (ProtobufWriter.BoundOf(address.Bytes.Length) <= MaxLength - writer.Length)
            {
                writer.WriteBytes(2, address.Bytes.Span);
            }
        }

        foreach (string protocol in Protocols ?? [])
        {
            if (ProtobufWriter.BoundOf(Encoding.UTF8.GetByteCount(protocol)) <= MaxLength - writer.Length)
            {
                writer.WriteString(3, protocol);
            }
        }

        if (SignedRecord is ReadOnlyMemory<byte> record && ProtobufWriter.BoundOf(record.Length) <= MaxLength - writer.Length)
        {
            writer.WriteBytes(8, record.Span);
        }

        return writer.Written.ToArray();
    }

    private static void WriteText(ref ProtobufWriter writer, int field, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(field, text);
        }
    }

    private static string? Text(ReadOnlySpan<byte> bytes) => bytes.Length <= MaxTextLength && Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
}
