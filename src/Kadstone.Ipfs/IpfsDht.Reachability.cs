using System.Net;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs;

/// <summary>Auto mode: a client of the worldwide DHT until a peer has proved that we can be dialed.</summary>
public sealed partial class IpfsDht
{
    // So many strangers from so many hosts do not reach a node that nobody can reach.
    private const int HostsThatProveReachability = 3;

    private readonly Reachability _reachability = new();

    /// <summary>Asks one more peer to dial us, if it is time to, and serves or does not by what is known then.</summary>
    internal async Task KeepReachabilityAsync()
    {
        ServeIfReachable();
        if (_options.Mode == KadMode.Auto && NextToAsk() is PeerId peer && OwnDialable() is { Length: > 0 } addresses)
        {
            DialBackStatus status = await AskToDialAsync(peer, addresses).ConfigureAwait(false);
            IpfsLog.DialedBack(_logger, peer, status);
            lock (_lock)
            {
                _reachability.Heard(status);
            }

            ServeIfReachable();
        }
    }

    private Multiaddr[] OwnDialable() => [.. Addresses.Where(address => AddressPolicy.Public.Allows(address)).Take(AddressFilter.MaxKept)];

    private PeerId? NextToAsk()
    {
        // One that dialed us knows already where we are: whom we dialed has to find it out.
        IEnumerable<PeerId> speakers = Host.Connections
            .Where(connection => connection.Identity?.Protocols.Contains(DialBackMessage.Protocol) == true)
            .OrderBy(connection => connection.IsInbound).Select(connection => connection.Id);
        lock (_lock)
        {
            return _nodes.Any(node => node.Policy == AddressPolicy.Public) ? _reachability.TryTake(speakers, new Instant(_time.GetElapsedTime(0).Ticks)) : null;
        }
    }

    private async Task<DialBackStatus> AskToDialAsync(PeerId peer, Multiaddr[] addresses)
    {
        // Longer than a request: they dial us meanwhile.
        using CancellationTokenSource timeout = new(2 * _options.RequestTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        try
        {
            PeerStream stream = await Host.OpenAsync(new PeerInfo(peer, []), DialBackMessage.Protocol, either.Token).ConfigureAwait(false);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteMessageAsync(DialBackMessage.Encode(LocalPeer, addresses), either.Token).ConfigureAwait(false);
                byte[]? answer = await stream.ReadMessageAsync(DialBackMessage.MaxLength, either.Token).ConfigureAwait(false);
                return DialBackMessage.TryRead(answer) ?? DialBackStatus.Refused;
            }
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException || (exception is OperationCanceledException && !_closing.IsCancellationRequested))
        {
            return DialBackStatus.Refused;
        }
    }

    private void ServeIfReachable()
    {
        if (_options.Mode != KadMode.Auto)
        {
            return;
        }

        bool? isReachable;
        lock (_lock)
        {
            isReachable = _reachability.IsReachable;
        }

        bool serves = isReachable == true || CountStrangers() >= HostsThatProveReachability;
        foreach (KadNode node in _nodes.Where(node => node.Policy == AddressPolicy.Public))
        {
            // What was proved once holds until those who try say otherwise.
            if (serves || isReachable == false)
            {
                node.Serve(serves);
            }
        }
    }

    private int CountStrangers() => Host.Connections
        .Where(connection => connection.IsInbound && AddressPolicy.Public.Allows(connection.RemoteAddress))
        .Select(connection => connection.RemoteAddress.TryGetTcpEndpoint(out IPEndPoint? endpoint) ? endpoint.Address : null)
        .Distinct().Count();
}
