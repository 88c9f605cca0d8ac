using System.Text;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hosting.Files;

/// <summary>What a network's node remembers, on disk, replaced at one stroke.</summary>
internal sealed class StateFile<TState>(string path, StateFile<TState>.Reader tryParse, Func<TState, string> toJson, ILogger logger)
    where TState : class
{
    private const int MaxLength = 1 << 20;

    internal delegate bool Reader(string json, out TState? state, out string? error);

    /// <summary>The state; null when there is none. One that cannot be used is put aside rather than overwritten.</summary>
    /// <exception cref="KadstoneSetupException">The file is there and cannot be read.</exception>
    internal TState? Read()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            TState? state = null;
            string? error = $"It has more than {MaxLength} bytes.";
            if (new FileInfo(path).Length <= MaxLength && tryParse(File.ReadAllText(path), out state, out error))
            {
                return state;
            }

            HostingLog.StateNotUsed(logger, path, error ?? string.Empty);
            File.Move(path, path + ".bad", overwrite: true);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KadstoneSetupException("Kadstone:DataFolder", $"'{path}' cannot be read: {Sentences.FirstLine(exception)}", exception);
        }
    }

    /// <summary>Saves, and says so when that fails: the node lives on.</summary>
    internal bool TrySave(TState state)
    {
        try
        {
            string next = path + ".new";
            using (FileStream file = new(next, FileMode.Create, FileAccess.Write))
            {
                file.Write(Encoding.UTF8.GetBytes(toJson(state) + "\n"));
                file.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            HostingLog.StateNotSaved(logger, path, Sentences.FirstLine(exception));
            return false;
        }
    }
}
