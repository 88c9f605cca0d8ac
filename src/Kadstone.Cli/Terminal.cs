using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Kadstone.Cli;

/// <summary>Where the command reads and writes: results to standard output, everything else to standard error.</summary>
internal sealed class Terminal
{
    // errno of Linux and macOS, as .NET hands it on.
    private const int BrokenPipe = 32;

    private readonly Lock _lock = new();
    private bool _hasProgress;
    private bool _hasNoReader;

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
        StandardOutput(),
        Console.OpenStandardError(),
        !Console.IsOutputRedirected,
        !Console.IsErrorRedirected);

    /// <summary>Called once when nobody reads the results any more, as after <c>| head</c>; what is written from then on goes nowhere.</summary>
    internal Action? ReaderLeft { get; set; }

    /// <exception cref="CommandFailedException">Standard output cannot be written.</exception>
    internal void WriteLine(string line) => Write(() => Output.WriteLine(line));

    /// <inheritdoc cref="WriteLine"/>
    internal void WriteBytes(ReadOnlyMemory<byte> bytes) => Write(() =>
    {
        RawOutput.Write(bytes.Span);
        RawOutput.Flush();
    });

    /// <summary>Whether nobody is there to read what was written.</summary>
    internal static bool IsUnread(Exception exception) => exception is IOException { HResult: BrokenPipe };

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

    private void Write(Action write)
    {
        bool hasLeft = false;
        lock (_lock)
        {
            EraseProgress();
            if (_hasNoReader)
            {
                return;
            }

            try
            {
                write();
            }
            catch (IOException exception) when (IsUnread(exception))
            {
                _hasNoReader = hasLeft = true;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new CommandFailedException(ExitCode.Error, $"standard output cannot be written: {Failure.OneLine(exception.Message).TrimEnd('.')}.");
            }
        }

        if (hasLeft)
        {
            ReaderLeft?.Invoke();
        }
    }

    // The console's own stream says nothing when the reader of a pipe has left. A file stays with it: what others append there has its place.
    private static Stream StandardOutput()
    {
        if (Console.IsOutputRedirected && !OperatingSystem.IsWindows())
        {
            try
            {
                FileStream stream = new(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
                if (!stream.CanSeek)
                {
                    return stream;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
            {
                // It is closed: the first line that is written says so.
            }
        }

        return Console.OpenStandardOutput();
    }

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
