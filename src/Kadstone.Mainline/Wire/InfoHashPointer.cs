using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>The value of a mutable item that points to a torrent: <c>d2:ih20:...e</c>.</summary>
/// <remarks>BEP 46.</remarks>
internal static class InfoHashPointer
{
    /// <summary>The bytes of the value.</summary>
    public const int Length = 29;

    /// <summary>Writes the value.</summary>
    /// <returns><see cref="Length"/>; 0 when it does not fit.</returns>
    public static int Write(Span<byte> destination, in Key160 infoHash)
    {
        KrpcWriter writer = new(destination);
        writer.Key("d2:ih"u8, infoHash);
        writer.Raw("e"u8, default);
        return writer.Length;
    }

    /// <summary>Reads the value. Other keys beside <c>ih</c> may be there.</summary>
    /// <returns>False when the value is no dictionary with an <c>ih</c> of 20 bytes.</returns>
    public static bool TryRead(ReadOnlySpan<byte> value, out Key160 infoHash)
    {
        infoHash = default;
        BencodeReader reader = new(value);
        if (!reader.TryStep((byte)'d'))
        {
            return false;
        }

        bool found = false;
        while (!reader.TryStep((byte)'e'))
        {
            if (!reader.TryReadString(out ReadOnlySpan<byte> key))
            {
                return false;
            }

            if (found || !key.SequenceEqual("ih"u8) || !reader.AtString)
            {
                if (!reader.TrySkip())
                {
                    return false;
                }

                continue;
            }

            if (!reader.TryReadString(out ReadOnlySpan<byte> hash) || hash.Length != Key160.ByteLength)
            {
                return false;
            }

            infoHash = Key160.Read(hash);
            found = true;
        }

        return found && reader.AtEnd;
    }
}
