using System.Buffers;
using System.Text;
using Kadstone.Crypto;

namespace Kadstone.Cli;

/// <summary>A key file: 64 hexadecimal digits of the Ed25519 seed and a newline, for its owner's eyes only.</summary>
internal static class KeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Makes a new key; an existing file stays as it is.</summary>
    /// <returns>The seed.</returns>
    internal static byte[] Create(string path)
    {
        byte[] seed = new byte[Ed25519.SeedLength];
        System.Security.Cryptography.RandomNumberGenerator.Fill(seed);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        try
        {
            using FileStream file = new(path, options);
            file.Write(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(seed) + "\n"));
            file.Flush(flushToDisk: true);
            return seed;
        }
        catch (IOException) when (File.Exists(path))
        {
            throw CommandFailedException.Usage($"FILE: '{path}' is there already and is not overwritten; another name is needed.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"FILE: '{path}' cannot be written: {Failure.OneLine(exception.Message)}");
        }
    }

    /// <summary>The seed of a key file; warns when others may read it.</summary>
    internal static byte[] Read(string path, string option, Terminal terminal)
    {
        byte[] text = new byte[67];
        int length;
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            length = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"{option} '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }

        // Never a word of what is in it: it may be a key nevertheless.
        byte[] seed = new byte[Ed25519.SeedLength];
        ReadOnlySpan<byte> digits = text.AsSpan(0, length).TrimEnd("\r\n"u8);
        bool isKey = digits.Length == 64 && Convert.FromHexString(digits, seed, out _, out _) == OperationStatus.Done;
        if (!isKey)
        {
            throw CommandFailedException.Usage($"{option} '{path}' is no key file; 64 hexadecimal digits and a newline are expected.");
        }

        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            terminal.Complain($"dht: warning: others can read the key file {path}; 'chmod 600 {path}' ends that.");
        }

        return seed;
    }
}
