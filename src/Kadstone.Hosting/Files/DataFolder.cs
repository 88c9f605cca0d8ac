namespace Kadstone.Hosting.Files;

/// <summary>The folder of one process: identity, states, store, and a lock that the system lets go of when the process dies.</summary>
internal sealed class DataFolder : IDisposable
{
    private const string Setting = "Kadstone:DataFolder";

    private readonly FileStream _lock;

    private DataFolder(string path, FileStream heldLock)
    {
        Path = path;
        _lock = heldLock;
    }

    internal string Path { get; }

    internal string Store => InFolder("node.sqlite");

    internal string MainlineState => InFolder("state.json");

    internal string HyperswarmState => InFolder("hyper.json");

    internal string IpfsState => InFolder("ipfs.json");

    /// <exception cref="KadstoneSetupException">The folder cannot be made or written, or another process has it.</exception>
    internal static DataFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new KadstoneSetupException(Setting, $"'{path}' cannot be made: {Sentences.FirstLine(exception)}", exception);
        }

        try
        {
            return new DataFolder(path, new FileStream(System.IO.Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new KadstoneSetupException(Setting, $"'{path}' cannot be written: {Sentences.FirstLine(exception)}", exception);
        }
        catch (IOException exception)
        {
            string who = DaemonFile.TryRead(path) is { Pid: int pid } ? $"process {pid}" : "another process";
            throw new KadstoneSetupException(Setting, $"'{path}' is in use by {who}; end that one, or choose another folder.", exception);
        }
    }

    /// <exception cref="KadstoneSetupException">The key file cannot be read, made, or is none.</exception>
    internal KadstoneIdentity OpenIdentity()
    {
        string path = InFolder("key");
        try
        {
            return KadstoneIdentity.Open(path);
        }
        catch (InvalidDataException exception)
        {
            throw new KadstoneSetupException(Setting, $"'{path}' is no key file; {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KadstoneSetupException(Setting, $"'{path}' cannot be read or made: {Sentences.FirstLine(exception)}", exception);
        }
    }

    internal bool OthersCanReadKey =>
        !OperatingSystem.IsWindows() && (File.GetUnixFileMode(InFolder("key")) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0;

    internal string KeyPath => InFolder("key");

    public void Dispose() => _lock.Dispose();

    private string InFolder(string name) => System.IO.Path.Combine(Path, name);
}
