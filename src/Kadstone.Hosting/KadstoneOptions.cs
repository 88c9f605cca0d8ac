using System.Net;
using Kadstone.Hosting.Files;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;

namespace Kadstone.Hosting;

/// <summary>How the nodes of one process are set up. Every default is a working one; a network that is null does not run.</summary>
/// <remarks>In a configuration this is the section <see cref="SectionName"/>; docs/hosting.md lists its keys.</remarks>
public sealed class KadstoneOptions
{
    /// <summary><c>Kadstone</c>: the section of a configuration; <c>KADSTONE__</c> begins its environment variables.</summary>
    public const string SectionName = "Kadstone";

    internal const int MinPacketBudget = 10;
    internal const int MaxPacketBudget = 1_000_000;

    /// <summary>How much of the machine and its line the nodes may take. Default <see cref="KadstoneProfile.Laptop"/>.</summary>
    public KadstoneProfile Profile { get; set; } = KadstoneProfile.Laptop;

    /// <summary>The folder of identity, states and store: one process' own. Default <c>data/public</c>; null: nothing is kept, each run is somebody new.</summary>
    public string? DataFolder { get; set; } = Path.Combine("data", "public");

    /// <summary>Where records are kept. Default null: <c>node.sqlite</c> in the data folder, in memory without one.</summary>
    public KadstoneStore? Store { get; set; }

    /// <summary>How many datagrams a second may leave, all networks together. Default null: the profile's; 10 to 1,000,000.</summary>
    public int? PacketBudget { get; set; }

    /// <summary>Whether the contacts of an earlier run are asked first. Default true; the ids are kept in any case.</summary>
    public bool KeepsContacts { get; set; } = true;

    /// <summary>The Mainline node. Its store and packet budget come from here. Default null: none.</summary>
    public MainlineOptions? Mainline { get; set; }

    /// <summary>The Hyperswarm node. Its seed, store, saved state and packet budget come from here unless it names its own. Default null: none.</summary>
    public HyperDhtOptions? Hyperswarm { get; set; }

    /// <summary>The IPFS node. Its identity comes from here unless it names its own. Default null: none.</summary>
    public IpfsOptions? Ipfs { get; set; }

    /// <summary>Where a daemon serves its API. Default 127.0.0.1:5001; null: nowhere.</summary>
    public IPEndPoint? Api { get; set; } = new(IPAddress.Loopback, 5001);

    /// <summary>Where a daemon serves everybody: Delegated Routing and pkarr alone. Default null: nowhere.</summary>
    public IPEndPoint? Gateway { get; set; }

    /// <summary>Where metrics and traces go by OTLP. Default null: nowhere.</summary>
    public Uri? OtlpEndpoint { get; set; }

    /// <summary>The data folder, opened before: it goes before <see cref="DataFolder"/> and is closed with the nodes, also when they cannot be made.</summary>
    internal DataFolder? OpenedFolder { get; set; }

    /// <summary>What was wrong with the configuration that these were read from.</summary>
    internal KadstoneSetupException? Fault { get; set; }

    internal ProfileLimits Limits => ProfileLimits.Of(Profile);

    internal int PacketsPerSecond => PacketBudget ?? Limits.PacketsPerSecond;

    /// <exception cref="KadstoneSetupException">A value is out of range, or no network is asked for.</exception>
    internal void Validate()
    {
        if (Fault is not null)
        {
            throw new KadstoneSetupException(Fault.Setting, Fault.Problem, Fault);
        }

        Require(Enum.IsDefined(Profile), nameof(Profile), "is out of range; laptop, server or router is allowed.");
        Require(PacketBudget is null or (>= MinPacketBudget and <= MaxPacketBudget), nameof(PacketBudget), $"{PacketBudget} is out of range; {MinPacketBudget} to {MaxPacketBudget} datagrams a second are allowed.");
        Require(DataFolder is not "", nameof(DataFolder), "is empty; the path of a folder is expected.");
        Require(Mainline is not null || Hyperswarm is not null || Ipfs is not null, "Networks", "names none; mainline, hyperswarm, ipfs, or several of them are allowed.");
        Require(OtlpEndpoint is null or { IsAbsoluteUri: true, Scheme: "http" or "https" }, nameof(OtlpEndpoint), $"'{OtlpEndpoint}' is no address; http://HOST:PORT or https://HOST:PORT is expected.");
    }

    private static void Require(bool holds, string setting, string problem)
    {
        if (!holds)
        {
            throw new KadstoneSetupException($"{SectionName}:{setting}", problem);
        }
    }
}
