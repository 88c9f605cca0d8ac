using System.Globalization;
using System.Runtime.InteropServices;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Kubo;

/// <summary>Who we are, and with whom we are connected.</summary>
internal sealed class NodeCommands(IIpfsNode node)
{
    private const string ProtocolVersion = "ipfs/0.1.0";
    private const int DefaultPings = 10;
    private const int MaxPings = 1000;

    private static readonly string s_version = typeof(NodeCommands).Assembly.GetName().Version is Version version ? version.ToString(3) : "0.0.0";

    private PeerId Id => node.Identity.PeerId;

    public IEnumerable<(string, KuboCommand)> All =>
    [
        ("id", IdAsync), ("version", VersionAsync), ("ping", PingAsync),
        ("swarm/connect", ConnectAsync), ("swarm/disconnect", DisconnectAsync), ("swarm/peers", PeersAsync),
        ("swarm/addrs", AddressesAsync), ("swarm/addrs/local", OwnAddressesAsync), ("swarm/addrs/listen", OwnAddressesAsync),
        ("bootstrap", BootstrapAsync), ("bootstrap/list", BootstrapAsync),
    ];

    private async Task IdAsync(KuboCall call, CancellationToken cancellationToken)
    {
        PeerId peer = call.Arguments.Count > 0 ? call.PeerArgument() : Id;
        KuboIdentity identity = peer == Id ? OwnIdentity() : Of(await node.IdentifyAsync(peer, cancellationToken).ConfigureAwait(false));
        await call.AnswerAsync(identity, KuboJson.Default.KuboIdentity, cancellationToken).ConfigureAwait(false);
    }

    private KuboIdentity OwnIdentity() => new(
        Id.ToString(),
        Convert.ToBase64String(node.Identity.PublicKey.Encoded.Span),
        [.. node.Addresses.Select(address => address.WithPeer(Id).ToString())],
        node.AgentVersion,
        ProtocolVersion,
        [.. node.Protocols.Order(StringComparer.Ordinal)]);

    private static KuboIdentity Of(IdentifiedPeer peer) => new(
        peer.Id.ToString(),
        peer.Id.TryGetPublicKey(out PublicKey? key) ? Convert.ToBase64String(key.Encoded.Span) : "",
        [.. peer.Addresses.Select(address => address.WithPeer(peer.Id).ToString())],
        peer.AgentVersion,
        peer.ProtocolVersion,
        [.. peer.Protocols.Order(StringComparer.Ordinal)]);

    private Task VersionAsync(KuboCall call, CancellationToken cancellationToken) => call.AnswerAsync(
        new KuboVersion(s_version, "", "", $"{RuntimeInformation.OSArchitecture}/{Environment.OSVersion.Platform}".ToLowerInvariant(), ""),
        KuboJson.Default.KuboVersion,
        cancellationToken);

    private async Task PingAsync(KuboCall call, CancellationToken cancellationToken)
    {
        PeerId peer = call.PeerArgument();
        int count = call.Number("count", call.Number("n", DefaultPings, 1, MaxPings), 1, MaxPings);
        if (peer == Id)
        {
            throw KuboException.Failed("can't ping self");
        }

        // The first one is waited for before anything is sent: a peer that is not there is an error and no stream.
        TimeSpan total = await node.PingAsync(peer, cancellationToken).ConfigureAwait(false);
        await WriteAsync(0, $"PING {peer}.").ConfigureAwait(false);
        await WriteAsync(total.Ticks * 100, "").ConfigureAwait(false);
        for (int sent = 1; sent < count; sent++)
        {
            TimeSpan took = await node.PingAsync(peer, cancellationToken).ConfigureAwait(false);
            total += took;
            await WriteAsync(took.Ticks * 100, "").ConfigureAwait(false);
        }

        await WriteAsync(0, string.Create(CultureInfo.InvariantCulture, $"Average latency: {total.TotalMilliseconds / count:0.00}ms")).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);

        Task WriteAsync(long nanoseconds, string text) =>
            call.WriteLineAsync(new KuboPong(true, nanoseconds, text), KuboJson.Default.KuboPong, cancellationToken);
    }

    private async Task ConnectAsync(KuboCall call, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        foreach (Multiaddr address in AddressArguments(call))
        {
            PeerId peer = address.Peer ?? throw KuboException.BadArgument($"{address} does not end with a peer, /p2p/…");
            try
            {
                await node.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            }
            catch (PeerUnreachableException exception)
            {
                throw KuboException.Failed($"connect {peer} failure: {exception.Message}");
            }

            lines.Add($"connect {peer} success");
        }

        await call.AnswerAsync(new KuboStrings(lines), KuboJson.Default.KuboStrings, cancellationToken).ConfigureAwait(false);
    }

    private async Task DisconnectAsync(KuboCall call, CancellationToken cancellationToken)
    {
        List<string> lines = [];
        foreach (Multiaddr address in AddressArguments(call))
        {
            PeerId peer = address.Peer ?? throw KuboException.BadArgument($"{address} does not end with a peer, /p2p/…");
            if (!node.Connections.Any(connection => connection.Id == peer))
            {
                throw KuboException.Failed($"disconnect {peer} failure: not connected");
            }

            await node.DisconnectAsync(peer, cancellationToken).ConfigureAwait(false);
            lines.Add($"disconnect {peer} success");
        }

        await call.AnswerAsync(new KuboStrings(lines), KuboJson.Default.KuboStrings, cancellationToken).ConfigureAwait(false);
    }

    private Task PeersAsync(KuboCall call, CancellationToken cancellationToken)
    {
        bool isVerbose = call.Flag("verbose");
        IEnumerable<KuboConnection> peers =
            from connection in node.Connections.DistinctBy(connection => connection.Id)
            orderby connection.Id
            select new KuboConnection(
                connection.RemoteAddress.WithoutPeer().ToString(),
                connection.Id.ToString(),
                isVerbose || call.Flag("latency") ? "n/a" : null,
                isVerbose || call.Flag("direction") ? (connection.IsInbound ? 0 : 1) : null,
                isVerbose ? "/yamux/1.0.0" : null);
        return call.AnswerAsync(new KuboConnections([.. peers]), KuboJson.Default.KuboConnections, cancellationToken);
    }

    private Task AddressesAsync(KuboCall call, CancellationToken cancellationToken)
    {
        Dictionary<string, IReadOnlyList<string>> addresses = [];
        foreach (ConnectedPeer connection in node.Connections)
        {
            IEnumerable<Multiaddr> known = connection.Identity?.Addresses ?? [];
            addresses[connection.Id.ToString()] = [.. (connection.IsInbound ? known : known.Prepend(connection.RemoteAddress.WithoutPeer())).Distinct().Select(address => address.ToString())];
        }

        return call.AnswerAsync(new KuboAddresses(addresses), KuboJson.Default.KuboAddresses, cancellationToken);
    }

    private Task OwnAddressesAsync(KuboCall call, CancellationToken cancellationToken) => call.AnswerAsync(
        new KuboStrings([.. node.Addresses.Select(address => (call.Flag("id") ? address.WithPeer(Id) : address).ToString())]),
        KuboJson.Default.KuboStrings,
        cancellationToken);

    private Task BootstrapAsync(KuboCall call, CancellationToken cancellationToken) =>
        call.AnswerAsync(new KuboBootstrap([.. node.Bootstrap.Select(address => address.ToString())]), KuboJson.Default.KuboBootstrap, cancellationToken);

    private static IEnumerable<Multiaddr> AddressArguments(KuboCall call)
    {
        _ = call.Argument("address");
        return call.Arguments.Select(text => Multiaddr.TryParse(text, out Multiaddr? address)
            ? address
            : throw KuboException.BadArgument($"invalid multiaddr '{(text.Length > 128 ? text[..128] : text)}'"));
    }
}
