using Kadstone.Mainline;

namespace Kadstone.Cli.Parsing;

/// <summary>The value of an item from the command line: TEXT, @FILE, or - for standard input.</summary>
internal static class ItemValues
{
    // Far more than an item may have, and little enough to read whatever a file turns out to be.
    private const int MaxRead = 2_048;

    internal static async Task<ItemValue> ReadAsync(string text, bool isBencoded, Terminal terminal, CancellationToken cancellationToken)
    {
        byte[] bytes = text switch
        {
            "-" => await ReadAsync(terminal.Input, "standard input", cancellationToken),
            ['@', .. string path] => await ReadFileAsync(path, cancellationToken),
            _ => System.Text.Encoding.UTF8.GetBytes(text),
        };
        try
        {
            return isBencoded ? ItemValue.FromBencoded(bytes) : ItemValue.FromBytes(bytes);
        }
        catch (ArgumentException exception)
        {
            string sentence = exception.Message.Split(" (Parameter")[0].TrimEnd('.');
            string allowed = isBencoded ? "; canonical bencode with sorted keys is expected, such as 5:hello or d1:ai1ee" : string.Empty;
            throw CommandFailedException.Usage($"VALUE: {sentence}{allowed}.");
        }
    }

    private static async Task<byte[]> ReadFileAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = File.OpenRead(path);
            return await ReadAsync(file, path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandFailedException.Usage($"VALUE: the file '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, string name, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[MaxRead + 1];
        // A read from a terminal heeds no token: it is left behind.
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).AsTask().WaitAsync(cancellationToken);
        return length <= MaxRead
            ? buffer[..length]
            : throw CommandFailedException.Usage($"VALUE: '{name}' has more than {MaxRead} bytes; at most {ItemValue.MaxLength} are allowed (BEP 44).");
    }
}
