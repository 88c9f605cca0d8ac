using Kadstone.Hosting.Files;
using Kadstone.Storage;
using Kadstone.Storage.Postgres;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Hosting.Networks;

/// <summary>Opens the store that was chosen, with the profile's bounds.</summary>
internal static class StoreOpening
{
    private const string Setting = "Kadstone:Store";

    /// <exception cref="KadstoneSetupException">The store cannot be opened.</exception>
    internal static async Task<IRecordStore> OpenAsync(KadstoneStore choice, KadstoneIdentity identity, DataFolder? folder, ProfileLimits limits, TimeProvider time, CancellationToken cancellationToken)
    {
        if (choice.Given is IRecordStore given)
        {
            return given;
        }

        try
        {
            return choice.Connection is string connection ? await HeadStore.OpenAsync(
                    await PostgresRecordStore.OpenAsync(connection, limits.Postgres, time, cancellationToken).ConfigureAwait(false), identity.HeadName, cancellationToken).ConfigureAwait(false)
                : choice == KadstoneStore.Memory ? new MemoryRecordStore(limits.Memory, time)
                : await SqliteRecordStore.OpenAsync(SqlitePath(choice, folder), limits.Sqlite, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StoreUnavailableException or ArgumentException)
        {
            // A connection string may hold a password: only the choice's name is said.
            throw new KadstoneSetupException(Setting, $"{choice} cannot be opened: {Sentences.FirstLine(exception)}", exception);
        }
    }

    private static string SqlitePath(KadstoneStore choice, DataFolder? folder)
    {
        if (choice.Path is not string path)
        {
            return folder?.Store ?? throw new KadstoneSetupException(Setting, "sqlite needs a file, as sqlite:FILE, when there is no data folder.");
        }

        string parent = Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";
        return Directory.Exists(parent) ? path : throw new KadstoneSetupException(Setting, $"{choice} cannot be opened: the folder {parent} is not there.");
    }
}
