using System.Buffers;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Bent packets of KRPC.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed) : BentBytes(corpus, seed, longest: 2 * KrpcReader.MaxDatagramLength)
{
    private static readonly SearchValues<byte> ValueBegins = SearchValues.Create("0123456789ild"u8);

    protected override ReadOnlySpan<byte> Alphabet => "dlei0123456789:-aqrty"u8;

    protected override int OwnEdits => 1;

    protected override void Bend()
    {
        if (Chance.Next(2) == 0)
        {
            ReplaceValue();
        }
        else
        {
            base.Bend();
        }
    }

    // The next digit from here on becomes another: mostly a length, or a part of a number.
    protected override void OwnEdit(int number, int at)
    {
        int digit = Buffer.AsSpan(at, Length - at).IndexOfAnyInRange((byte)'0', (byte)'9');
        if (digit >= 0)
        {
            Buffer[at + digit] = (byte)('0' + Chance.Next(10));
        }
    }

    // A whole value becomes a value of another packet: the frame stays good, so that what is inside gets judged.
    private void ReplaceValue()
    {
        ReadOnlySpan<byte> other = Origin;
        if (TryFindValue(Buffer.AsSpan(0, Length), out int at, out int length) && TryFindValue(other, out int otherAt, out int otherLength))
        {
            Remove(at, length);
            Insert(at, other.Slice(otherAt, otherLength));
        }
    }

    private bool TryFindValue(ReadOnlySpan<byte> bytes, out int at, out int length)
    {
        at = 0;
        length = 0;
        for (int tries = 8; tries > 0 && length == 0 && bytes.Length > 1; tries--)
        {
            int from = Chance.Next(1, bytes.Length);
            int digit = bytes[from..].IndexOfAny(ValueBegins);
            at = from + Math.Max(digit, 0);
            Bencode.TrySkip(bytes[at..], out length);
        }

        return length > 0;
    }
}
