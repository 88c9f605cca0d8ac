using System.Text;

namespace Kadstone.Cli;

/// <summary>A node's state on disk, replaced at one stroke.</summary>
internal sealed class StateFile<TState>(string path, StateFormat<TState> format, Terminal terminal)
    where TState : class
{
    private const int MaxLength = 1 << 20;

    /// <summary>The state, or null with one warning when there is none that can be used.</summary>
    internal TState? Read() => TryRead(out TState? state) ? state : null;

    /// <summary>The state for a node that will save here: what cannot be read is put aside rather than overwritten.</summary>
    internal TState? ReadOwn()
    {
        CheckFolder();
        if (TryRead(out TState? state) || !File.Exists(path))
        {
            return state;
        }

        File.Move(path, path + ".bad", overwrite: true);
        return null;
    }

    internal void Save(TState state)
    {
        string next = path + ".new";
        using (FileStream file = new(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(format.ToJson(state) + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Saves now, and says so when that fails: the node lives on.</summary>
    internal bool TrySave(TState state)
    {
        try
        {
            Save(state);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            terminal.Complain($"dht: the state cannot be saved to {path}: {Failure.OneLine(exception.Message)}");
            return false;
        }
    }

    private bool TryRead(out TState? state)
    {
        state = null;
        if (Directory.Exists(path))
        {
            throw CommandFailedException.Usage($"--state '{path}' is a folder; a file is needed.");
        }

        if (!File.Exists(path))
        {
            return false;
        }

        string? error;
        try
        {
            if (new FileInfo(path).Length > MaxLength)
            {
                error = $"It has more than {MaxLength} bytes.";
            }
            else if (format.TryParse(File.ReadAllText(path), out state, out error))
            {
                return true;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"--state '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }

        terminal.Complain($"dht: warning: the state file {path} is not used and the node starts fresh. {error}");
        return false;
    }

    private void CheckFolder()
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        if (!Directory.Exists(folder))
        {
            throw CommandFailedException.Usage($"--state '{path}' cannot be written: the folder {folder} is not there.");
        }

        try
        {
            File.Create(path + ".new").Dispose();
            File.Delete(path + ".new");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"--state '{path}' cannot be written: {Failure.OneLine(exception.Message)}");
        }
    }
}
