using System.Net;
using Kadstone.Storage;

namespace Kadstone.Daemon.Pkarr;

/// <summary>How a pkarr relay is set up. Every default is a working one.</summary>
public sealed record PkarrRelayOptions
{
    /// <summary>Where it listens by itself, for everybody; port 0 is the kernel's choice. Default null: nowhere, it is mounted on another listener.</summary>
    public IPEndPoint? Endpoint { get; init; }

    /// <summary>Where it remembers the packets that it keeps alive. It stays the caller's. Default null: nowhere, a restart forgets them.</summary>
    public IRecordStore? Store { get; init; }

    /// <summary>How many packets are cached in memory. Default 10,000; beyond it the least recently used go.</summary>
    public int CacheSize { get; init; } = 10_000;

    /// <summary>The least time for which a cached packet does without the DHT, whatever its records say. Default 5 minutes.</summary>
    public TimeSpan MinTtl { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most. Default a day. Another relay's clients see a change that late; a lower one costs lookups.</summary>
    public TimeSpan MaxTtl { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How many packets are put into the DHT again and again. Default 10,000; 0: none. Beyond it a packet is published once and not kept.</summary>
    public int MaxKept { get; init; } = 10_000;

    /// <summary>How often a kept packet is put again, give or take a tenth. Default 1 hour; 1 minute to 2 hours, after which nodes forget it.</summary>
    public TimeSpan RepublishInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long a packet is kept after its owner published it here. Default 7 days.</summary>
    public TimeSpan KeepFor { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How many requests that ask the DHT one host may make at once. Default 10, refilled at a fifth of it a second.</summary>
    public int LookupBurst { get; init; } = 10;

    /// <summary>How many requests of any kind one host may make at once of its own listener. Default 120, refilled at a sixth of it a second.</summary>
    public int RequestBurst { get; init; } = 120;

    /// <exception cref="ArgumentException">An option is out of range.</exception>
    internal void Validate()
    {
        Require(CacheSize > 0, nameof(CacheSize), "above zero");
        Require(MinTtl > TimeSpan.Zero && MinTtl <= MaxTtl, nameof(MinTtl), "above zero, at most MaxTtl");
        Require(MaxTtl <= TimeSpan.FromDays(7), nameof(MaxTtl), "at most 7 days");
        Require(MaxKept is >= 0 and <= 1_000_000, nameof(MaxKept), "0 to 1,000,000");
        Require(RepublishInterval >= TimeSpan.FromMinutes(1) && RepublishInterval <= TimeSpan.FromHours(2), nameof(RepublishInterval), "1 minute to 2 hours");
        Require(KeepFor > TimeSpan.Zero && KeepFor <= TimeSpan.FromDays(3650), nameof(KeepFor), "above zero, at most 3,650 days");
        Require(LookupBurst > 0, nameof(LookupBurst), "above zero");
        Require(RequestBurst > 0, nameof(RequestBurst), "above zero");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"PkarrRelayOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
