namespace Kadstone.Cli.Parsing;

/// <summary>Bytes from the command line: @FILE, - for standard input, or the text itself.</summary>
internal static class GivenBytes
{
    internal static async Task<byte[]> ReadAsync(string text, string argument, int most, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            switch (text)
            {
                case "-":
                    return await ReadAsync(terminal.Input, "standard input", argument, most, cancellationToken);
                case ['@', .. string path]:
                    await using (FileStream file = File.OpenRead(path))
                    {
                        return await ReadAsync(file, path, argument, most, cancellationToken);
                    }

                default:
                    return System.Text.Encoding.UTF8.GetBytes(text);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandFailedException.Usage($"{argument}: '{text}' cannot be read: {Failure.OneLine(exception.Message)}");
        }
    }

    private static async Task<byte[]> ReadAsync(Stream stream, string name, string argument, int most, CancellationToken cancellationToken)
    {
        using MemoryStream content = new();
        byte[] buffer = new byte[64 << 10];

        // A read from a terminal heeds no token: it is left behind.
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken)) > 0;)
        {
            content.Write(buffer, 0, read);
            if (content.Length > most)
            {
                throw CommandFailedException.Usage($"{argument}: '{name}' has more than {most} bytes; so many are allowed.");
            }
        }

        return content.ToArray();
    }
}
