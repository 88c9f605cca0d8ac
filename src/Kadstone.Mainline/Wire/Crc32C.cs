using System.Buffers.Binary;
using System.Numerics;

namespace Kadstone.Mainline;

/// <summary>The Castagnoli CRC of BEP 42: by the processor's instruction where it has one. A checksum, no MAC.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of all bytes.</summary>
    public static uint Hash(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
