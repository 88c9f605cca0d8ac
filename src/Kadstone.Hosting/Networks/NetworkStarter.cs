using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Hosting.Files;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Kadstone.Storage;
using Microsoft.Extensions.Logging;

namespace Kadstone.Hosting.Networks;

/// <summary>Starts the node of each network with what the process has for all of them.</summary>
internal sealed class NetworkStarter(
    KadstoneOptions options,
    KadstoneIdentity identity,
    DataFolder? folder,
    IRecordStore store,
    SendBudget budget,
    ILoggerFactory loggers,
    TimeProvider time,
    IMeterFactory? meters)
{
    // Answers to strangers take at most half of the budget, so that our own lookups keep theirs.
    private readonly int _answersPerSecond =
        Math.Max(1, options.PacketsPerSecond / 2 / Math.Max(1, (options.Mainline is null ? 0 : 1) + (options.Hyperswarm is null ? 0 : 1)));

    private readonly ILogger _logger = loggers.CreateLogger("Kadstone.Hosting");

    internal async Task<(MainlineDht Dht, NetworkNode Node)> StartAsync(MainlineOptions mainline, CancellationToken cancellationToken)
    {
        StateFile<MainlineState>? stateFile = folder is null ? null : new(folder.MainlineState, MainlineState.TryParse, state => state.ToJson(), _logger);
        MainlineState? saved = stateFile?.Read();
        if (saved is not null)
        {
            // The options' port, be it the kernel's choice, and not the saved one.
            saved = saved with { Port = 0, Nodes = options.KeepsContacts ? saved.Nodes : [] };
        }

        MainlineOptions complete = mainline with
        {
            Store = mainline.Store ?? store,
            Budget = mainline.Budget ?? budget,
            Limits = Within(mainline.Limits),
            MaxInfoHashes = mainline.MaxInfoHashes == new MainlineOptions().MaxInfoHashes ? options.Limits.InfoHashes : mainline.MaxInfoHashes,
        };
        MainlineDht dht = await Explained(
            "Mainline", $"Port {mainline.Port}", string.Join(", ", mainline.Addresses), () => MainlineDht.CreateAsync(complete, saved, loggers, time, meters, cancellationToken)).ConfigureAwait(false);
        return (dht, new MainlineNetworkNode(dht, stateFile));
    }

    internal async Task<(HyperDht Dht, NetworkNode Node)> StartAsync(HyperDhtOptions hyperswarm, CancellationToken cancellationToken)
    {
        StateFile<RpcState>? stateFile = folder is null ? null : new(folder.HyperswarmState, RpcState.TryParse, state => state.ToJson(), _logger);
        RpcState? saved = stateFile?.Read();
        HyperDhtOptions complete = hyperswarm with
        {
            Store = hyperswarm.Store ?? store,
            Budget = hyperswarm.Budget ?? budget,
            Limits = Within(hyperswarm.Limits),
            Seed = hyperswarm.Seed ?? identity.HyperswarmSeed,
            SavedState = hyperswarm.SavedState ?? (options.KeepsContacts ? saved?.ToJson() : null),
        };
        HyperDht dht = await Explained(
            "Hyperswarm", $"Port {hyperswarm.Port}", hyperswarm.Host.ToString(), () => HyperDht.CreateAsync(complete, loggers, time, cancellationToken)).ConfigureAwait(false);
        return (dht, new HyperswarmNetworkNode(dht, stateFile));
    }

    internal async Task<(IpfsDht Dht, IpfsOptions Options, NetworkNode Node)> StartAsync(IpfsOptions ipfs, CancellationToken cancellationToken)
    {
        StateFile<IpfsState>? stateFile = folder is null ? null : new(folder.IpfsState, IpfsState.TryParse, state => state.ToJson(), _logger);
        IpfsState? saved = stateFile?.Read();
        IReadOnlyList<Multiaddr> known = options.KeepsContacts && saved is not null ? saved.Peers : [];
        IpfsOptions complete = ipfs with
        {
            Host = ipfs.Host with
            {
                Identity = ipfs.Host.Identity ?? PrivateKey.FromSeed(identity.IpfsSeed.Span),
                Limits = ipfs.Host.Limits == new HostLimits() ? options.Limits.Host : ipfs.Host.Limits,
            },
            Bootstrap = [.. known, .. ipfs.Bootstrap],
        };
        IpfsDht dht = await Explained(
            "Ipfs", $"Listen {string.Join(", ", ipfs.Host.Listen)}", null, () => IpfsDht.CreateAsync(complete, store, loggers, time, meters, cancellationToken)).ConfigureAwait(false);

        // The daemon shows whom we were told to meet, and not whom we met.
        return (dht, complete with { Bootstrap = ipfs.Bootstrap }, new IpfsNetworkNode(dht, stateFile));
    }

    private RateLimits Within(RateLimits limits) => limits.TotalRate == new RateLimits().TotalRate ? limits with { TotalRate = Math.Min(limits.TotalRate, _answersPerSecond) } : limits;

    /// <summary>Says in the user's words why a socket cannot be had, or an option cannot be.</summary>
    private static async Task<T> Explained<T>(string network, string place, string? hosts, Func<Task<T>> start)
    {
        string[] words = place.Split(' ', 2);
        string setting = $"Kadstone:{network}:{words[0]}";
        string on = hosts is null ? string.Empty : $" on {hosts}";
        try
        {
            return await start().ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new KadstoneSetupException(
                setting,
                exception.SocketErrorCode switch
                {
                    SocketError.AddressAlreadyInUse => $"{words[1]} is in use{on}; another port is needed, or 0 for the kernel's choice.",
                    SocketError.AddressNotAvailable => $"{words[1]} cannot be had{on}: that is no address of this machine; one of its own is needed, or 0.0.0.0 for all.",
                    SocketError.AccessDenied => $"{words[1]} is not allowed to this user{on}; a port above 1023 is.",
                    SocketError.AddressFamilyNotSupported => $"{words[1]} cannot be had{on}: this machine does not speak that version of IP.",
                    _ => $"{words[1]} cannot be opened{on}: {Sentences.FirstLine(exception)}.",
                },
                exception);
        }
        catch (ArgumentException exception)
        {
            throw new KadstoneSetupException($"Kadstone:{network}", $"cannot be: {Sentences.FirstLine(exception)}", exception);
        }
    }
}
