using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Kadstone.Crypto;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Content;

/// <summary>The named keys that records are published under. The node's own is called <c>self</c>.</summary>
/// <remarks>With a folder each key is a file of its own, for its owner's eyes only: the hexadecimal digits of the
/// protobuf that other implementations keep, under the digits of its name.</remarks>
internal sealed class KeyShelf
{
    public const string Self = "self";

    private const int MaxKeys = 1000;
    private const int MaxNameBytes = 100;
    private const string Extension = ".key";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, PrivateKey> _keys = new(StringComparer.Ordinal);
    private readonly SecureRandom _chance = new();
    private readonly PrivateKey _self;
    private readonly string? _folder;

    /// <exception cref="IOException">The folder cannot be made or read.</exception>
    public KeyShelf(PrivateKey self, string? folder)
    {
        _self = self;
        _folder = folder;
        if (folder is null)
        {
            return;
        }

        Directory.CreateDirectory(folder);
        foreach (string path in Directory.EnumerateFiles(folder, $"*{Extension}").Take(MaxKeys))
        {
            if (TryReadName(path, out string? name) && TryReadKey(path, out PrivateKey? key))
            {
                _keys[name] = key;
            }
        }
    }

    /// <summary>All keys, the node's own first.</summary>
    public IReadOnlyList<(string Name, PeerId Id)> List()
    {
        lock (_lock)
        {
            return [(Self, _self.PeerId), .. _keys.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.PeerId))];
        }
    }

    /// <summary>A key by its name, or by the id that it stands for.</summary>
    public bool TryGet(string nameOrId, [NotNullWhen(true)] out PrivateKey? key)
    {
        lock (_lock)
        {
            if (nameOrId == Self || _keys.TryGetValue(nameOrId, out key))
            {
                key = nameOrId == Self ? _self : _keys[nameOrId];
                return true;
            }

        }

        key = PeerId.TryParse(nameOrId, out PeerId? id) ? Of(id) : null;
        return key is not null;
    }

    /// <summary>The key that an id stands for; null when it is not here.</summary>
    public PrivateKey? Of(PeerId id)
    {
        lock (_lock)
        {
            return _keys.Values.Append(_self).FirstOrDefault(key => key.PeerId == id);
        }
    }

    /// <summary>Makes a key: Ed25519, or RSA of so many bits where they are not 0.</summary>
    /// <returns>Its id, or null with the reason why there is none.</returns>
    public PeerId? Generate(string name, int rsaBits, out string reason)
    {
        reason = Encoding.UTF8.GetByteCount(name) is 0 or > MaxNameBytes || name.Any(char.IsControl) || name.Contains('/', StringComparison.Ordinal)
            ? $"a key's name has 1 to {MaxNameBytes} bytes, without slashes and control characters"
            : name == Self ? "cannot create key with name 'self'" : "";
        lock (_lock)
        {
            reason = reason.Length > 0 ? reason
                : _keys.ContainsKey(name) ? $"key with name '{name}' already exists"
                : _keys.Count >= MaxKeys ? $"{MaxKeys} keys are there already"
                : "";
            if (reason.Length > 0)
            {
                return null;
            }

            PrivateKey key = rsaBits > 0 ? GenerateRsa(rsaBits) : PrivateKey.Generate(_chance);
            if (_folder is not null)
            {
                Write(PathOf(_folder, name), key);
            }

            _keys.Add(name, key);
            return key.PeerId;
        }
    }

    /// <summary>Forgets a key, and its file.</summary>
    /// <returns>Its id; null when there is none of that name.</returns>
    public PeerId? Remove(string name)
    {
        lock (_lock)
        {
            if (!_keys.Remove(name, out PrivateKey? key))
            {
                return null;
            }

            if (_folder is not null)
            {
                File.Delete(PathOf(_folder, name));
            }

            return key.PeerId;
        }
    }

    private static string PathOf(string folder, string name) => Path.Combine(folder, Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name)) + Extension);

    private static bool TryReadName(string path, [NotNullWhen(true)] out string? name)
    {
        string digits = Path.GetFileNameWithoutExtension(path);
        bool isOurs = digits.Length is > 0 and <= 2 * MaxNameBytes && digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigitLower);
        name = isOurs ? Encoding.UTF8.GetString(Convert.FromHexString(digits)) : null;
        return isOurs;
    }

    private static bool TryReadKey(string path, [NotNullWhen(true)] out PrivateKey? key)
    {
        key = null;
        string digits = File.ReadAllText(path).TrimEnd();
        return digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit) && PrivateKey.TryRead(Convert.FromHexString(digits), out key);
    }

    private static PrivateKey GenerateRsa(int bits)
    {
        using RSA rsa = RSA.Create(bits);
        return PrivateKey.FromRsa(rsa.ExportRSAPrivateKey());
    }

    private static void Write(string path, PrivateKey key)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        byte[] secret = key.Encode();
        using FileStream file = new(path, options);
        file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(secret) + "\n"));
        file.Flush(flushToDisk: true);
        CryptographicOperations.ZeroMemory(secret);
    }
}
