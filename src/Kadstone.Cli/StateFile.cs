using System.Text;
using Kadstone.Mainline;

namespace Kadstone.Cli;

/// <summary>A node's state on disk, replaced at one stroke.</summary>
internal sealed class StateFile(string path, Terminal terminal)
{
    private const int MaxLength = 1 << 20;

    /// <summary>The state, or null with one warning when there is none that can be used.</summary>
    internal static MainlineState? Read(string path, Terminal terminal) => TryRead(path, terminal, out MainlineState? state) ? state : null;

    /// <summary>The state for a node that will save here: what cannot be read is put aside rather than overwritten.</summary>
    internal MainlineState? ReadOwn()
    {
        CheckFolder();
        if (TryRead(path, terminal, out MainlineState? state) || !File.Exists(path))
        {
            return state;
        }

        File.Move(path, path + ".bad", overwrite: true);
        return null;
    }

    internal void Save(MainlineState state)
    {
        string next = path + ".new";
        using (FileStream file = new(next, FileMode.Create, FileAccess.Write))
        {
            file.Write(Encoding.UTF8.GetBytes(state.ToJson() + "\n"));
            file.Flush(flushToDisk: true);
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Saves now, and says so when that fails: the node lives on.</summary>
    internal bool TrySave(MainlineState state)
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

    private static bool TryRead(string path, Terminal terminal, out MainlineState? state)
    {
        state = null;
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
            else if (MainlineState.TryParse(File.ReadAllText(path), out state, out error))
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

        if (Directory.Exists(path))
        {
            throw CommandFailedException.Usage($"--state '{path}' is a folder; a file is needed.");
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
