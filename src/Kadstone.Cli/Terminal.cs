using System.Text;

namespace Kadstone.Cli;

/// <summary>Where the command reads and writes: results to standard output, everything else to standard error.</summary>
internal sealed class Terminal
{
    private readonly Lock _lock = new();
    private bool _hasProgress;

    internal Terminal(Stream input, Stream output, Stream error, bool outputIsTerminal = false, bool errorIsTerminal = false)
    {
        Input = input;
        RawOutput = output;
        Output = new StreamWriter(output, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };
        Error = new StreamWriter(error, new UTF8Encoding(false), leaveOpen: true) { AutoFlush = true };
        OutputIsTerminal = outputIsTerminal;
        ErrorIsTerminal = errorIsTerminal;
    }

    internal Stream Input { get; }

    internal Stream RawOutput { get; }

    internal TextWriter Output { get; }

    internal TextWriter Error { get; }

    internal bool OutputIsTerminal { get; }

    internal bool ErrorIsTerminal { get; }

    internal static Terminal OfProcess() => new(
        Console.OpenStandardInput(),
        Console.OpenStandardOutput(),
        Console.OpenStandardError(),
        !Console.IsOutputRedirected,
        !Console.IsErrorRedirected);

    internal void WriteLine(string line)
    {
        lock (_lock)
        {
            EraseProgress();
            Output.WriteLine(line);
        }
    }

    internal void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            EraseProgress();
            RawOutput.Write(bytes);
            RawOutput.Flush();
        }
    }

    internal void Complain(string sentence)
    {
        lock (_lock)
        {
            EraseProgress();
            Error.WriteLine(Clean(sentence));
        }
    }

    /// <summary>One line that the next one replaces, for people who wait; nothing when nobody watches.</summary>
    internal void ShowProgress(string text)
    {
        if (!ErrorIsTerminal)
        {
            return;
        }

        lock (_lock)
        {
            EraseProgress();
            Error.Write(text);
            _hasProgress = true;
        }
    }

    internal void EndProgress()
    {
        lock (_lock)
        {
            EraseProgress();
        }
    }

    /// <summary>Text of strangers without what a terminal would obey.</summary>
    internal static string Clean(string text) => text.Any(IsControl)
        ? string.Concat(text.Select(letter => IsControl(letter) ? '\uFFFD' : letter))
        : text;

    private static bool IsControl(char letter) => char.IsControl(letter) && letter is not '\n' and not '\t';

    private void EraseProgress()
    {
        if (_hasProgress)
        {
            Error.Write("\r\e[2K");
            _hasProgress = false;
        }
    }
}
