using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Kadstone.Libp2p;

/// <summary>What the two sides tell each other inside the Noise handshake: who they are, proved, and which muxers they speak.</summary>
/// <param name="Key">The identity's key.</param>
/// <param name="Signature">Its signature over the handshake's static key.</param>
/// <param name="Muxers">In order of preference; none when the side wants to choose by multistream-select.</param>
/// <remarks>libp2p noise spec, "Libp2p Data in Handshake Messages".</remarks>
internal sealed record NoisePayload(PublicKey Key, ReadOnlyMemory<byte> Signature, IReadOnlyList<string> Muxers)
{
    private const int MaxMuxers = 16;
    private const int MaxMuxerLength = 128;

    private static ReadOnlySpan<byte> Prefix => "noise-libp2p-static-key:"u8;

    public static byte[] Seal(PrivateKey key, ReadOnlySpan<byte> staticKey, IReadOnlyList<string> muxers)
    {
        byte[] signature = key.Sign([.. Prefix, .. staticKey]);
        byte[] extensions = new byte[muxers.Sum(muxer => ProtobufWriter.BoundOf(Encoding.UTF8.GetByteCount(muxer)))];
        ProtobufWriter inner = new(extensions);
        foreach (string muxer in muxers)
        {
            inner.WriteString(2, muxer);
        }

        byte[] buffer = new byte[key.PublicKey.Encoded.Length + signature.Length + inner.Length + (3 * ProtobufWriter.BoundOf(0))];
        ProtobufWriter writer = new(buffer);
        writer.WriteBytes(1, key.PublicKey.Encoded.Span);
        writer.WriteBytes(2, signature);
        if (muxers.Count > 0)
        {
            writer.WriteBytes(4, inner.Written);
        }

        return writer.Written.ToArray();
    }

    /// <summary>Reads a payload; the signature is checked by <see cref="IsSigned"/>.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out NoisePayload? payload)
    {
        payload = null;
        ReadOnlySpan<byte> encodedKey = default;
        ReadOnlySpan<byte> signature = default;
        List<string> muxers = [];
        ProtobufReader reader = new(bytes);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(1, ProtobufWireType.Bytes))
            {
                encodedKey = field.Bytes;
            }
            else if (field.Is(2, ProtobufWireType.Bytes))
            {
                signature = field.Bytes;
            }
            else if (field.Is(4, ProtobufWireType.Bytes) && !TryReadMuxers(field.Bytes, muxers))
            {
                return false;
            }
        }

        payload = !reader.IsMalformed && PublicKey.TryRead(encodedKey, out PublicKey? key) ? new NoisePayload(key, signature.ToArray(), muxers) : null;
        return payload is not null;
    }

    public bool IsSigned(ReadOnlySpan<byte> staticKey) => Key.Verify([.. Prefix, .. staticKey], Signature.Span);

    private static bool TryReadMuxers(ReadOnlySpan<byte> extensions, List<string> muxers)
    {
        ProtobufReader reader = new(extensions);
        while (reader.TryRead(out ProtobufField field))
        {
            if (field.Is(2, ProtobufWireType.Bytes) && muxers.Count < MaxMuxers && field.Bytes.Length <= MaxMuxerLength)
            {
                muxers.Add(Encoding.UTF8.GetString(field.Bytes));
            }
        }

        return !reader.IsMalformed;
    }
}
