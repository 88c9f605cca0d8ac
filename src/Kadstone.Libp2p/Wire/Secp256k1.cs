using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Kadstone.Libp2p;

/// <summary>Verifies ECDSA signatures on secp256k1 with the platform's own curve, which only lacks the compressed form of a point.</summary>
internal static class Secp256k1
{
    /// <summary>33: a sign and the x coordinate.</summary>
    public const int CompressedLength = 33;

    private const int CoordinateLength = 32;

    private static readonly ECCurve s_curve = ECCurve.CreateFromValue("1.3.132.0.10");
    private static readonly BigInteger s_prime =
        BigInteger.Parse("0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <exception cref="CryptographicException">The platform does not take the key.</exception>
    public static bool Verify(ReadOnlySpan<byte> compressed, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (!TryDecompress(compressed, out ECPoint point))
        {
            return false;
        }

        using ECDsa ecdsa = ECDsa.Create(new ECParameters { Curve = s_curve, Q = point });
        return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    // SEC 1, section 2.3.4: y^2 = x^3 + 7, and since p = 3 mod 4 the root is a power. All numbers here are public.
    private static bool TryDecompress(ReadOnlySpan<byte> compressed, out ECPoint point)
    {
        point = default;
        if (compressed.Length != CompressedLength || compressed[0] is not (2 or 3))
        {
            return false;
        }

        BigInteger x = new(compressed[1..], isUnsigned: true, isBigEndian: true);
        BigInteger square = (BigInteger.ModPow(x, 3, s_prime) + 7) % s_prime;
        BigInteger y = BigInteger.ModPow(square, (s_prime + 1) / 4, s_prime);
        if (x >= s_prime || BigInteger.ModPow(y, 2, s_prime) != square)
        {
            return false;
        }

        if (y.IsEven != (compressed[0] == 2))
        {
            y = s_prime - y;
        }

        byte[] ordinate = new byte[CoordinateLength];
        y.TryWriteBytes(ordinate, out int written, isUnsigned: true, isBigEndian: true);
        ordinate.AsSpan(0, written).CopyTo(ordinate.AsSpan(CoordinateLength - written));
        ordinate.AsSpan(0, CoordinateLength - written).Clear();
        point = new ECPoint { X = compressed[1..].ToArray(), Y = ordinate };
        return true;
    }
}
