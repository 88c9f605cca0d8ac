namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Bent packets of today's wire.</summary>
internal sealed class HostileBytes(byte[][] corpus, int seed) : BentBytes(corpus, seed, longest: 2 * RpcReader.MaxDatagramLength)
{
    // Small counts, all flags, the marks of longer numbers, the greatest number and the one above it.
    protected override ReadOnlySpan<byte> Alphabet => [0, 1, 2, 3, 4, 8, 16, 31, 0x03, 0x13, 0xFC, 0xFD, 0xFE, 0xFF, 0x1F, 0x20];

    protected override int OwnEdits => 2;

    protected override void OwnEdit(int number, int at)
    {
        if (number == 0)
        {
            // The flags of a message, or of a value: another set of fields is promised.
            Buffer[Chance.Next(Math.Min(Length, 2))] = (byte)Chance.Next(32);
        }
        else
        {
            LongerNumber(at);
        }
    }

    // A byte becomes the same number in a longer form, or a number near the greatest.
    private void LongerNumber(int at)
    {
        ReadOnlySpan<byte> form = Chance.Next(5) switch
        {
            0 => [0xFD, Buffer[at], 0],
            1 => [0xFE, Buffer[at], 0, 0, 0],
            2 => [0xFF, Buffer[at], 0, 0, 0, 0, 0, 0, 0],
            3 => [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F, 0],
            _ => [0xFF, 0, 0, 0, 0, 0, 0, 0x20, 0],
        };
        Remove(at, 1);
        Insert(at, form);
    }
}
