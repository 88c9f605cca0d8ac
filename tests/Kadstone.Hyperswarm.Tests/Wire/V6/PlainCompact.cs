namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>A second opinion: what may be read, decided field by field from a list of letters, slowly and in another way than the codecs.</summary>
/// <remarks>u uint, s 2 bytes, a address, k 32 bytes, g 64 bytes, b buffer, A array of addresses, P array of peers.</remarks>
internal static class PlainCompact
{
    public static bool IsMessage(ReadOnlySpan<byte> packet)
    {
        if (packet.Length is < 2 or > 2048 || packet[0] is not (0x03 or 0x13))
        {
            return false;
        }

        int at = 1;
        if (!TakeNumber(packet, ref at, out ulong flags) || !Take(packet, ref at, "sa") || !TakeIf(packet, ref at, flags, 1, "k") || !TakeIf(packet, ref at, flags, 2, "k"))
        {
            return false;
        }

        bool middle = packet[0] == 0x03
            ? Take(packet, ref at, "u") && TakeIf(packet, ref at, flags, 8, "k")
            : TakeIf(packet, ref at, flags, 4, "A") && TakeIf(packet, ref at, flags, 8, "u");
        return middle && TakeIf(packet, ref at, flags, 16, "b");
    }

    public static bool IsPeer(ReadOnlySpan<byte> value) => Is(value, "kA");

    public static bool IsLookupAnswer(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return Take(value, ref at, "P") && (at == value.Length || Take(value, ref at, "u"));
    }

    public static bool IsAnnouncement(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return TakeNumber(value, ref at, out ulong flags)
            && TakeIf(value, ref at, flags, 1, "kA") && TakeIf(value, ref at, flags, 2, "k") && TakeIf(value, ref at, flags, 4, "g") && TakeIf(value, ref at, flags, 8, "u");
    }

    public static bool IsMutableItem(ReadOnlySpan<byte> value) => Is(value, "ubg");

    public static bool IsMutablePut(ReadOnlySpan<byte> value) => Is(value, "kubg");

    public static bool IsPlugin(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return Take(value, ref at, "buu") && TakeNumber(value, ref at, out ulong flags) && TakeIf(value, ref at, flags, 1, "b");
    }

    public static bool IsHandshake(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return TakeNumber(value, ref at, out ulong flags) && Take(value, ref at, "ub") && TakeIf(value, ref at, flags, 1, "a") && TakeIf(value, ref at, flags, 2, "a");
    }

    public static bool IsHolepunch(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return TakeNumber(value, ref at, out ulong flags) && Take(value, ref at, "uub") && TakeIf(value, ref at, flags, 1, "a");
    }

    public static bool IsAddress(ReadOnlySpan<byte> value)
    {
        int at = 0;
        return Take(value, ref at, "k") && TakeNumber(value, ref at, out ulong flags) && TakeIf(value, ref at, flags, 1, "A");
    }

    private static bool Is(ReadOnlySpan<byte> bytes, string fields)
    {
        int at = 0;
        return Take(bytes, ref at, fields);
    }

    private static bool TakeIf(ReadOnlySpan<byte> bytes, ref int at, ulong flags, ulong bit, string fields) =>
        (flags & bit) == 0 || Take(bytes, ref at, fields);

    private static bool Take(ReadOnlySpan<byte> bytes, ref int at, string fields)
    {
        foreach (char field in fields)
        {
            ulong count = 1;
            if (field is 'u' or 'b' or 'A' or 'P' && !TakeNumber(bytes, ref at, out count))
            {
                return false;
            }

            ulong length = field switch { 's' => 2, 'a' => 6, 'k' => 32, 'g' => 64, 'b' => count, 'A' => count > 10_000 ? 60_000 : 6 * count, _ => 0 };
            if (length > (ulong)(bytes.Length - at))
            {
                return false;
            }

            at += (int)length;
            for (ulong i = 0; field == 'P' && i < count; i++)
            {
                if (!Take(bytes, ref at, "kA"))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool TakeNumber(ReadOnlySpan<byte> bytes, ref int at, out ulong number)
    {
        number = 0;
        if (at >= bytes.Length)
        {
            return false;
        }

        byte first = bytes[at++];
        if (first < 0xFD)
        {
            number = first;
            return true;
        }

        int width = 2 << (first - 0xFD);
        for (int i = 0; i < width; i++)
        {
            if (at >= bytes.Length)
            {
                return false;
            }

            number |= (ulong)bytes[at++] << 8 * i;
        }

        return number <= 9_007_199_254_740_991;
    }
}
