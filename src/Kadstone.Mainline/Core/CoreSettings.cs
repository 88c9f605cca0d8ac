using Kadstone.Datagrams;
using Kadstone.Mainline.Core.Peers;

namespace Kadstone.Mainline.Core;

/// <summary>How a Mainline node behaves, as the pure core needs it.</summary>
internal sealed record CoreSettings
{
    internal AddressScope Scope { get; init; } = AddressScope.Public;

    internal bool Diversity { get; init; } = true;

    internal RateLimits Limits { get; init; } = new();

    internal ServingMode Serving { get; init; } = ServingMode.Adaptive;

    internal PeerTableOptions Peers { get; init; } = new();

    /// <summary>"KS" and two bytes of version, as BEP 5 advises; empty: none.</summary>
    internal ReadOnlyMemory<byte> Version { get; init; } = "KS\0\x01"u8.ToArray();

    /// <summary>How often an advertised infohash is announced again. Default 15 min, jittered by a tenth.</summary>
    internal TimeSpan AnnounceInterval { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often a kept item is put again. Default 1 h (BEP 44), jittered by a tenth.</summary>
    internal TimeSpan RepublishInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Takes ids that fit the address, as BEP 42 asks. Default true.</summary>
    internal bool SecuresId { get; init; } = true;
}
