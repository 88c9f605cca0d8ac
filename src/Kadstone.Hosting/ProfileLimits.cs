using Kadstone.Libp2p;
using Kadstone.Storage;
using Kadstone.Storage.Postgres;
using Kadstone.Storage.Sqlite;

namespace Kadstone.Hosting;

/// <summary>What a profile sets: the table of <see cref="KadstoneProfile"/>.</summary>
internal sealed record ProfileLimits(int PacketsPerSecond, int Records, long StoreBytes, int InfoHashes, HostLimits Host)
{
    // Whoever asks the daemon hears of a silent store within two seconds: half a second is for the network and the way back.
    private static readonly TimeSpan s_storePatience = TimeSpan.FromSeconds(1.5);

    private static readonly ProfileLimits s_laptop = new(200, 100_000, 256L << 20, 50_000, new HostLimits { Connections = 128, HalfOpen = 32 });
    private static readonly ProfileLimits s_server = new(2_000, 1_000_000, 1L << 30, 200_000, new HostLimits());
    private static readonly ProfileLimits s_router = new(20_000, 10_000_000, 16L << 30, 1_000_000, new HostLimits { Connections = 2_048, HalfOpen = 256 });

    internal static ProfileLimits Of(KadstoneProfile profile) => profile switch
    {
        KadstoneProfile.Laptop => s_laptop,
        KadstoneProfile.Server => s_server,
        KadstoneProfile.Router => s_router,
        _ => throw new ArgumentOutOfRangeException(nameof(profile), profile, "There is no such profile."),
    };

    // Memory is dearer than disk: a quarter of the bytes.
    internal MemoryStoreOptions Memory => new() { MaxRecordsPerShelf = Records, MaxBytes = StoreBytes / 4 };

    internal SqliteStoreOptions Sqlite => new() { MaxRecordsPerShelf = Records, MaxFileBytes = StoreBytes, Patience = s_storePatience };

    internal PostgresStoreOptions Postgres => new() { MaxRecordsPerShelf = Records, MaxBytes = StoreBytes, Patience = s_storePatience };
}
