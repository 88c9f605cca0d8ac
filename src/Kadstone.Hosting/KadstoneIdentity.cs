using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Kadstone.Hosting;

/// <summary>Who the nodes of one process are: one seed of 32 bytes, from which the key of each network is derived.</summary>
/// <remarks>
/// <para>A network's Ed25519 seed is HKDF-SHA256 of the seed without salt, with the info <c>kadstone 1 hyperswarm</c>, <c>kadstone 1 ipfs</c> or
/// <c>kadstone 1 mainline</c>: whoever sees the public keys cannot tell that they belong together.</para>
/// <para>The file has 64 hexadecimal digits and a newline, mode 0600. Mainline's node id is none of it: it follows from the address (BEP 42).</para>
/// </remarks>
public sealed class KadstoneIdentity
{
    private const int SeedLength = 32;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly byte[] _seed;

    private KadstoneIdentity(byte[] seed) => _seed = seed;

    /// <summary>The seed of the Hyperswarm node's key pair.</summary>
    public ReadOnlyMemory<byte> HyperswarmSeed => Derive("hyperswarm");

    /// <summary>The seed of the IPFS host's key.</summary>
    public ReadOnlyMemory<byte> IpfsSeed => Derive("ipfs");

    /// <summary>The seed of the key that signs own BEP 44 items, where the caller names no other.</summary>
    public ReadOnlyMemory<byte> MainlineSeed => Derive("mainline");

    /// <summary>8 bytes by which a store that several nodes share knows this one.</summary>
    internal ReadOnlyMemory<byte> HeadName => Derive("head").AsMemory(0, 8);

    /// <summary>Somebody new.</summary>
    public static KadstoneIdentity Create() => new(RandomNumberGenerator.GetBytes(SeedLength));

    /// <summary>The identity of a seed.</summary>
    /// <param name="seed">32 bytes.</param>
    /// <exception cref="ArgumentException">The seed has not 32 bytes.</exception>
    public static KadstoneIdentity FromSeed(ReadOnlySpan<byte> seed) =>
        seed.Length == SeedLength ? new(seed.ToArray()) : throw new ArgumentException("A seed has 32 bytes.", nameof(seed));

    /// <summary>The identity of a file, which is made if it is not there.</summary>
    /// <exception cref="InvalidDataException">The file is no key file; its content is not said.</exception>
    /// <exception cref="IOException">The file cannot be read or made.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read or made.</exception>
    public static KadstoneIdentity Open(string path)
    {
        if (!File.Exists(path))
        {
            KadstoneIdentity identity = Create();
            identity.Write(path);
            return identity;
        }

        byte[] text = new byte[SeedLength * 2 + 3];
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        int length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        byte[] seed = new byte[SeedLength];
        ReadOnlySpan<byte> digits = text.AsSpan(0, length).TrimEnd("\r\n"u8);
        return digits.Length == SeedLength * 2 && Convert.FromHexString(digits, seed, out _, out _) == OperationStatus.Done
            ? new KadstoneIdentity(seed)
            : throw new InvalidDataException("64 hexadecimal digits and a newline are expected.");
    }

    private void Write(string path)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using FileStream file = new(path, options);
        file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(_seed) + "\n"));
        file.Flush(flushToDisk: true);
    }

    private byte[] Derive(string network) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, _seed, SeedLength, salt: [], info: Encoding.ASCII.GetBytes($"kadstone 1 {network}"));
}
