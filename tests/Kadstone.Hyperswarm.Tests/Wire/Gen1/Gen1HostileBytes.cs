using System.Buffers.Binary;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Bent packets of the first generation.</summary>
internal sealed class Gen1HostileBytes(byte[][] corpus, int seed) : BentBytes(corpus, seed, longest: 2 * Gen1Reader.MaxDatagramLength)
{
    protected override ReadOnlySpan<byte> Alphabet => [];

    protected override int OwnEdits => 3;

    protected override void OwnEdit(int number, int at)
    {
        switch (number)
        {
            case 0:
                // The first fields of a message are where most is decided.
                Buffer[Math.Min(Chance.Next(2, 8), Length - 1)] = (byte)Chance.Next(64);
                break;
            case 1:
                // A port of 0, or the like, somewhere.
                BinaryPrimitives.WriteUInt16BigEndian(Buffer.AsSpan(at), (ushort)(Chance.Next(2) * 0xFFFF));
                break;
            default:
                // A field more, at the end: most messages stay good.
                Varint(((ulong)Chance.Next(1, 9) << 3) + 2);
                Span<byte> added = stackalloc byte[Chance.Next(2) == 0 ? 6 : Chance.Next(48)];
                Noise(added);
                Varint((ulong)added.Length);
                Insert(Length, added);
                break;
        }
    }

    // Fields that nobody would write: any number, any wire type, any length. A quarter are many and well-formed, but unknown.
    protected override bool TryMake()
    {
        Length = 2;
        Noise(Buffer.AsSpan(0, Length));
        bool unknown = Chance.Next(4) == 0;
        int most = unknown && Chance.Next(2) == 0 ? 8 : 256;
        Span<byte> value = stackalloc byte[most];
        for (int fields = Chance.Next(unknown ? 130 : 8); fields > 0; fields--)
        {
            int number = unknown ? Chance.Next(8, 100) : Chance.Next(1, 9);
            int wireType = unknown || Chance.Next(4) != 0 ? 2 : Chance.Next(8);
            Varint((ulong)((number << 3) + wireType));
            int length = Chance.Next(4) switch { 0 => Math.Min(32, most), 1 => 6, 2 => Chance.Next(8), _ => Chance.Next(most) };
            Noise(value[..length]);
            Varint((ulong)length);
            Insert(Length, value[..length]);
        }

        return true;
    }

    private void Varint(ulong value)
    {
        Span<byte> bytes = stackalloc byte[10];
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }

        bytes[length++] = (byte)value;
        Insert(Length, bytes[..length]);
    }
}
