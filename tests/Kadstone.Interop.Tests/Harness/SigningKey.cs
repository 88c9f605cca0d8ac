using System.Security.Cryptography;
using System.Text;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>An Ed25519 key pair for mutable items, as RFC 8032, section 7.1, gives it; all in hex.</summary>
internal sealed record SigningKey(string Seed, string PublicKey)
{
    public static SigningKey First { get; } = new("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

    public static SigningKey Second { get; } = new("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");

    /// <summary>The 64 bytes that libtorrent calls the secret key: SHA-512 of the seed, clamped.</summary>
    public string ExpandedSecretKey
    {
        get
        {
            byte[] expanded = SHA512.HashData(Convert.FromHexString(Seed));
            expanded[0] &= 0xf8;
            expanded[31] = (byte)((expanded[31] & 0x3f) | 0x40);
            return Convert.ToHexStringLower(expanded);
        }
    }

    /// <summary>Writes the file that <c>dht --key</c> reads: the seed's 64 hex digits and a newline, for the owner only.</summary>
    public string WriteTo(string directory)
    {
        string path = Path.Combine(directory, $"{PublicKey[..8]}.key");
        File.WriteAllText(path, Seed + "\n", Encoding.ASCII);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return path;
    }
}
