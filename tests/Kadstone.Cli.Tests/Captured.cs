using System.Text;

namespace Kadstone.Cli.Tests;

/// <summary>An output stream whose lines can be waited for.</summary>
internal sealed class Captured : MemoryStream
{
    private readonly Lock _lock = new();
    private readonly List<(Func<string, bool> Fits, TaskCompletionSource<string> Found)> _waiting = [];

    internal string Text
    {
        get
        {
            lock (_lock)
            {
                return Encoding.UTF8.GetString(GetBuffer(), 0, (int)Length);
            }
        }
    }

    internal string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public override void Write(ReadOnlySpan<byte> buffer) => Write(buffer.ToArray(), 0, buffer.Length);

    public override void Write(byte[] buffer, int offset, int count)
    {
        lock (_lock)
        {
            base.Write(buffer, offset, count);
        }

        Tell();
    }

    internal Task<string> WaitForAsync(Func<string, bool> fits)
    {
        TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add((fits, found));
        }

        Tell();
        return found.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private void Tell()
    {
        string text = Text;
        string[] complete = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lock (_lock)
        {
            foreach ((Func<string, bool> fits, TaskCompletionSource<string> found) in _waiting)
            {
                if (complete.FirstOrDefault(fits) is string line)
                {
                    found.TrySetResult(line);
                }
            }
        }
    }
}
