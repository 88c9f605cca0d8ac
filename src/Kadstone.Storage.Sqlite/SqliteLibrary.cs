using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Kadstone.Storage.Sqlite;

/// <summary>Finds the system's SQLite.</summary>
internal static class SqliteLibrary
{
    private const string ProviderName = "e_sqlite3";

    private static readonly Lazy<bool> s_load = new(Load);

    public static void EnsureLoaded() => _ = s_load.Value;

    private static bool Load()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Resolve);
        }
        catch (InvalidOperationException)
        {
            // The application brought its own resolver for this provider, and with it its own SQLite.
        }

        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        return true;
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != ProviderName)
        {
            return 0;
        }

        // Debian and Fedora, then the development link, macOS, Windows, and a copy that the application ships under the provider's name.
        foreach (string candidate in (ReadOnlySpan<string>)["libsqlite3.so.0", "libsqlite3.so", "libsqlite3.dylib", "winsqlite3", ProviderName])
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out nint handle))
            {
                return handle;
            }
        }

        throw new StoreUnavailableException(StoreFailure.LibraryMissing, "SQLite is not installed. On Debian and Ubuntu: apt-get install libsqlite3-0.");
    }
}
