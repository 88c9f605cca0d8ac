using System.Diagnostics;
using System.Globalization;
using Kadstone.Crypto;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary>Dials peers of IPFS from this machine, and hears who they are.</summary>
internal sealed class PeerDial : IAsyncDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    private readonly IpfsDht _dht;
    private readonly TimeSpan _patience;

    private PeerDial(IpfsDht dht, TimeSpan patience)
    {
        _dht = dht;
        _patience = patience;
    }

    internal static async Task<PeerDial> StartAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        IpfsOptions options = new()
        {
            Host = new Libp2pOptions { Identity = PrivateKey.Generate(new SecureRandom()), Listen = [], AgentVersion = $"kadstone/{CommandLine.Version}" },
            Policy = AddressPolicy.Any,
            Mode = KadMode.Client,
            Bootstrap = [],
        };
        return new PeerDial(await IpfsDht.CreateAsync(options, cancellationToken: cancellationToken), patience < s_longest ? patience : s_longest);
    }

    /// <summary>Dials a peer at the addresses it is said to have, one after the other.</summary>
    internal async Task<bool> TryAsync(PeerAnswer peer, CheckReport report, CancellationToken cancellationToken)
    {
        Multiaddr[] addresses = PeerId.TryParse(peer.Peer, out PeerId? id)
            ? [.. peer.Addresses.Select(text => Multiaddr.TryParse(text, out Multiaddr? address) ? address : null).OfType<Multiaddr>().Select(address => address.Peer is null ? address.WithPeer(id) : address)]
            : [];
        if (addresses.Length == 0)
        {
            report.Warn("dial", $"{peer.Peer} has no address that is known");
            return false;
        }

        string why = string.Empty;
        foreach (Multiaddr address in addresses.Take(8))
        {
            (bool isReached, string text) = await TryAsync(address, cancellationToken);
            if (isReached)
            {
                report.Ok("dial", text);
                return true;
            }

            why = why.Length == 0 ? text : why;
        }

        report.Warn("dial", $"{peer.Peer} does not answer at {Counted.Of(addresses.Length, "address")}: {why}");
        return false;
    }

    /// <summary>Dials one address.</summary>
    /// <returns>Who answered, or why nobody did.</returns>
    internal async Task<(bool IsReached, string Text)> TryAsync(Multiaddr address, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        either.CancelAfter(_patience);
        long began = Stopwatch.GetTimestamp();
        try
        {
            PeerId peer = await _dht.ConnectAsync(address, either.Token);
            string agent = _dht.Host.Connections.FirstOrDefault(connection => connection.Id == peer)?.Identity is IdentifiedPeer identity ? $", {identity.AgentVersion}" : string.Empty;
            return (true, string.Create(CultureInfo.InvariantCulture, $"{peer} answers at {address.ToString().Split("/p2p/")[0]} within {Stopwatch.GetElapsedTime(began).TotalMilliseconds:0.#} ms{agent}"));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, $"no answer within {_patience.TotalSeconds:0.###} s");
        }
        catch (Exception exception) when (exception is PeerUnreachableException or IOException or System.Net.Sockets.SocketException)
        {
            return (false, Failure.OneLine(exception.Message).TrimEnd('.'));
        }
    }

    public ValueTask DisposeAsync() => _dht.DisposeAsync();
}
