using System.Net;

namespace Kadstone.Daemon;

/// <summary>Where the daemon of a node listens, and whom it serves.</summary>
public sealed record KadstoneDaemonOptions
{
    /// <summary>Where <c>/v1</c>, the page, metrics and, with IPFS, Kubo's RPC are served, with strict rules. Default 127.0.0.1:5001; port 0 is the kernel's choice; null: nowhere.</summary>
    public IPEndPoint? Api { get; init; } = new(IPAddress.Loopback, IpfsDaemonOptions.DefaultApiPort);

    /// <summary>Where Delegated Routing and pkarr are served, to everybody and every web page. Default null: nowhere.</summary>
    public IPEndPoint? Gateway { get; init; }

    /// <summary>What every request to the API must carry as <c>Authorization: Bearer</c>. Default null: nothing, which only a loopback address allows.</summary>
    public string? Token { get; init; }

    /// <summary>Names under which the API may be asked, beside localhost and the addresses it listens at. Default none.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins whose web pages may use the API, beside its own, such as <c>http://localhost:3000</c>. Default none.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Folder of the named IPNS keys. Default null: they are kept in memory.</summary>
    public string? KeyFolder { get; init; }

    /// <summary>How many bytes of blocks that were added by Kubo's RPC are kept. Default 64 MiB; at least 1 MiB. Beyond it the oldest go.</summary>
    public long BlockBytes { get; init; } = 64L << 20;

    /// <summary>How many requests one host may make of the gateway at once. Default 120, refilled at a sixth of it a second.</summary>
    public int GatewayBurst { get; init; } = 120;

    /// <summary>Longest time of one request, event streams aside. Default 5 minutes.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The test network that <c>/v1/devnet</c> shows and changes. Default null: there is none.</summary>
    public IDevnet? Devnet { get; init; }

    /// <summary>The part that IPFS' own surfaces and the guard go by.</summary>
    internal IpfsDaemonOptions ToIpfs() => new()
    {
        Api = Api,
        Gateway = Gateway,
        Token = Token,
        AllowedHosts = AllowedHosts,
        AllowedOrigins = AllowedOrigins,
        KeyFolder = KeyFolder,
        BlockBytes = BlockBytes,
        GatewayBurst = GatewayBurst,
        RequestTimeout = RequestTimeout,
    };
}
