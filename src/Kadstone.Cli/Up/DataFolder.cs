using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Kadstone.Cli.Up;

/// <summary>The folder of one daemon: its key, state, store, and the file that says who runs here.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    internal string Path { get; }

    internal string StateFile => InFolder("state.json");

    internal string Store => InFolder("node.sqlite");

    internal string HyperStateFile => InFolder("hyper.json");

    internal string HyperStore => InFolder("hyper.sqlite");

    internal string Key => InFolder("key");

    private string DaemonFile => InFolder("daemon.json");

    /// <summary>Makes the folder ours until disposed, also against a daemon that crashed: the system lets go of its lock.</summary>
    internal static DataFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"--data '{path}' cannot be made: {Failure.OneLine(exception.Message)}");
        }

        FileStream heldLock;
        try
        {
            heldLock = new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw CommandFailedException.Usage($"--data '{path}' cannot be written: {Failure.OneLine(exception.Message)}");
        }
        catch (IOException)
        {
            string who = TryReadPid(path, out int pid) ? $"process {pid}" : "another process";
            throw CommandFailedException.Usage($"--data '{path}' is in use by {who}; end that one, or choose another folder.");
        }

        DataFolder folder = new(path, heldLock);
        try
        {
            folder.WriteDaemonFile();
            if (!File.Exists(folder.Key))
            {
                KeyFile.Create(folder.Key);
            }

            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            folder.Dispose();
            throw CommandFailedException.Usage($"--data '{path}' cannot be written: {Failure.OneLine(exception.Message)}");
        }
    }

    public void Dispose()
    {
        try
        {
            File.Delete(DaemonFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A stale file misleads nobody: its pid is gone.
        }

        _lock.Dispose();
    }

    private static bool TryReadPid(string path, [NotNullWhen(true)] out int pid)
    {
        pid = 0;
        try
        {
            using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(System.IO.Path.Combine(path, "daemon.json")));
            return file.RootElement.TryGetProperty("pid", out JsonElement value) && value.TryGetInt32(out pid);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return false;
        }
    }

    // Other commands find the daemon by this file. It will hold the token of the API, so it is its owner's only.
    private void WriteDaemonFile()
    {
        string next = DaemonFile + ".new";
        File.Delete(next);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(next, options))
        using (Utf8JsonWriter json = new(file))
        {
            json.WriteStartObject();
            json.WriteNumber("pid", Environment.ProcessId);
            json.WriteNull("api");
            json.WriteNull("token");
            json.WriteEndObject();
        }

        File.Move(next, DaemonFile, overwrite: true);
    }

    private string InFolder(string name) => System.IO.Path.Combine(Path, name);
}
