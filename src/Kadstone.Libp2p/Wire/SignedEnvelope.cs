using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kadstone.Libp2p;

/// <summary>Bytes with their author's signature, which holds for one purpose only: its domain.</summary>
/// <param name="Signer">The author's key.</param>
/// <param name="Payload">What was signed.</param>
/// <remarks>libp2p RFC 2, signed envelopes.</remarks>
public sealed record SignedEnvelope(PublicKey Signer, ReadOnlyMemory<byte> Payload)
{
    /// <summary>8,192: the most bytes of an envelope that is opened.</summary>
    public const int MaxLength = 8192;

    /// <summary>Signs <paramref name="payload"/>.</summary>
    /// <param name="key">The author's.</param>
    /// <param name="domain">What the signature is for, such as <c>libp2p-peer-record</c>.</param>
    /// <param name="payloadType">A number of the multicodec table, as a varint.</param>
    /// <param name="payload">At most 8,000 bytes or so: who opens it takes <see cref="MaxLength"/> in all.</param>
    public static byte[] Seal(PrivateKey key, string domain, ReadOnlySpan<byte> payloadType, ReadOnlySpan<byte> payload)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(domain);
        byte[] signature = key.Sign(Signed(domain, payloadType, payload));
        byte[] buffer = new byte[payload.Length + payloadType.Length + signature.Length + key.PublicKey.Encoded.Length + (4 * ProtobufWriter.BoundOf(0))];
        ProtobufWriter writer = new(buffer);
        writer.WriteBytes(1, key.PublicKey.Encoded.Span);
        writer.WriteBytes(2, payloadType);
        writer.WriteBytes(3, payload);
        writer.WriteBytes(5, signature);
        return writer.Written.ToArray();
    }

    /// <summary>Reads an envelope and checks its signature. Never throws.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> envelope, string domain, ReadOnlySpan<byte> payloadType, [NotNullWhen(true)] out SignedEnvelope? opened)
    {
        ArgumentNullException.ThrowIfNull(domain);
        opened = null;
        ReadOnlySpan<byte> key = default;
        ReadOnlySpan<byte> type = default;
        ReadOnlySpan<byte> payload = default;
        ReadOnlySpan<byte> signature = default;
        ProtobufReader reader = new(envelope.Length <= MaxLength ? envelope : default);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Type == ProtobufWireType.Bytes)
            {
                switch (field.Number)
                {
                    case 1:
                        key = field.Bytes;
                        break;
                    case 2:
                        type = field.Bytes;
                        break;
                    case 3:
                        payload = field.Bytes;
                        break;
                    case 5:
                        signature = field.Bytes;
                        break;
                }
            }
        }

        if (reader.IsMalformed || !type.SequenceEqual(payloadType) || !PublicKey.TryRead(key, out PublicKey? signer) || !signer.Verify(Signed(domain, type, payload), signature))
        {
            return false;
        }

        opened = new SignedEnvelope(signer, payload.ToArray());
        return true;
    }

    // Each part with its length before it, so that no two splits give the same bytes.
    private static byte[] Signed(string domain, ReadOnlySpan<byte> payloadType, ReadOnlySpan<byte> payload)
    {
        byte[] domainBytes = Encoding.UTF8.GetBytes(domain);
        byte[] signed = new byte[domainBytes.Length + payloadType.Length + payload.Length + (3 * Uvarint.MaxLength)];
        int length = 0;
        Append(domainBytes);
        Append(payloadType);
        Append(payload);
        return signed[..length];

        void Append(ReadOnlySpan<byte> part)
        {
            length += Uvarint.Write(signed.AsSpan(length), (ulong)part.Length);
            part.CopyTo(signed.AsSpan(length));
            length += part.Length;
        }
    }
}
