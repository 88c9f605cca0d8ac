using System.Net;

namespace Kadstone.Daemon;

/// <summary>Where a daemon listens, and whom it serves.</summary>
public sealed record IpfsDaemonOptions
{
    /// <summary>5001: the usual port of the API.</summary>
    public const int DefaultApiPort = 5001;

    /// <summary>Where Kubo's RPC and Delegated Routing are served, with strict rules. Default 127.0.0.1:5001; port 0 is the kernel's choice; null: nowhere.</summary>
    public IPEndPoint? Api { get; init; } = new(IPAddress.Loopback, DefaultApiPort);

    /// <summary>Where Delegated Routing alone is served, to everybody and every web page. Default null: nowhere.</summary>
    public IPEndPoint? Gateway { get; init; }

    /// <summary>What every request to the API must carry as <c>Authorization: Bearer</c>. Default null: nothing, which only a loopback address allows.</summary>
    public string? Token { get; init; }

    /// <summary>Names under which the API may be asked, beside localhost and the addresses it listens at. Default none.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Origins whose web pages may use the API, beside its own, such as <c>http://localhost:3000</c>. Default none.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Whether the node's DHT may be used. Default true; false makes it a host that says so to every question for routing.</summary>
    public bool HasRouting { get; init; } = true;

    /// <summary>Folder of the named keys that records are published under. Default null: they are kept in memory.</summary>
    public string? KeyFolder { get; init; }

    /// <summary>How many bytes of blocks that were added are kept. Default 64 MiB; at least 1 MiB. Beyond it the oldest go.</summary>
    public long BlockBytes { get; init; } = 64L << 20;

    /// <summary>How many requests one host may make of the gateway at once. Default 120, refilled at a sixth of it a second.</summary>
    public int GatewayBurst { get; init; } = 120;

    /// <summary>Longest time of one request. Default 5 minutes; a request may ask for less.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <exception cref="ArgumentException">An option is out of range, or the API would be open to a network without a token.</exception>
    internal void Validate()
    {
        if (Api is not null && !IPAddress.IsLoopback(Api.Address) && string.IsNullOrEmpty(Token))
        {
            throw new ArgumentException($"The API at {Api} can be reached by others; that needs a token. Without one it listens at 127.0.0.1 or [::1].", nameof(Api));
        }

        Require(Token is not { Length: 0 }, nameof(Token), "a token has at least one character");
        Require(BlockBytes >= 1 << 20, nameof(BlockBytes), "at least 1 MiB");
        Require(GatewayBurst > 0, nameof(GatewayBurst), "above zero");
        Require(RequestTimeout > TimeSpan.Zero && RequestTimeout <= TimeSpan.FromDays(1), nameof(RequestTimeout), "above zero, at most a day");
    }

    private static void Require(bool holds, string option, string allowed)
    {
        if (!holds)
        {
            throw new ArgumentException($"IpfsDaemonOptions.{option} is out of range: {allowed}.", option);
        }
    }
}
