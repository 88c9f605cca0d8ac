using System.Text;

namespace Kadstone.Cli.Parsing;

/// <summary>The bytes of a value from the command line: TEXT, @FILE, or - for standard input.</summary>
internal static class ValueBytes
{
    // Far more than any network takes, and little enough to read whatever a file turns out to be.
    private const int MaxRead = 2_048;

    internal static async Task<byte[]> ReadAsync(string text, string allowed, Terminal terminal, CancellationToken cancellationToken) => text switch
    {
        "-" => await ReadAsync(terminal.Input, "standard input", allowed, cancellationToken),
        ['@', .. string path] => await ReadFileAsync(path, allowed, cancellationToken),
        _ => Encoding.UTF8.GetBytes(text),
    };

    /// <summary>The text that bytes are; null when they are no UTF-8.</summary>
    internal static string? TryReadText(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.Span);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static async Task<byte[]> ReadFileAsync(string path, string allowed, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = File.OpenRead(path);
            return await ReadAsync(file, path, allowed, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandFailedException.Usage($"VALUE: the file '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, string name, string allowed, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxRead + 1];
        // A read from a terminal heeds no token: it is left behind.
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).AsTask().WaitAsync(cancellationToken);
        return length <= MaxRead
            ? buffer[..length]
            : throw CommandFailedException.Usage($"VALUE: '{name}' has more than {MaxRead} bytes; {allowed}.");
    }
}
