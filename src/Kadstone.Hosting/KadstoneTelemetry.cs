using System.Diagnostics;

namespace Kadstone.Hosting;

/// <summary>The names under which traces and metrics are found.</summary>
public static class KadstoneTelemetry
{
    /// <summary><c>Kadstone</c>: the activity source, and what the names of all meters begin with (<c>Kadstone.Hosting</c>, <c>Kadstone.Mainline</c>, <c>Kadstone.Libp2p</c>).</summary>
    public const string Name = "Kadstone";

    /// <summary>The tag that says which network: <c>mainline</c>, <c>hyperswarm</c> or <c>ipfs</c>.</summary>
    public const string NetworkTag = "kadstone.network";

    /// <summary>Where activities begin: <c>kadstone.start</c>, <c>kadstone.probe</c>.</summary>
    public static ActivitySource Activities { get; } = new(Name);
}
