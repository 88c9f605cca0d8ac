using System.Net;
using System.Net.Sockets;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

public sealed partial class Libp2pHost
{
    private const int MaxAttempts = 8;
    private const int MaxResolved = 4;

    /// <summary>Makes sure that there is a connection with a peer. Unlike <see cref="OpenAsync"/> it does not wait out a recent failure.</summary>
    /// <remarks>Over when the peer has said what it is, or will not: from then on the connection stands on its side too.</remarks>
    /// <exception cref="PeerUnreachableException">No address leads to the peer.</exception>
    public async Task ConnectAsync(PeerInfo peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(peer);
        PeerLink link = await ReachAsync(peer, isPatient: false, cancellationToken).ConfigureAwait(false);
        await link.IdentifyEnded.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects to whoever listens at an address, or to the peer that it names.</summary>
    /// <returns>Who that is.</returns>
    /// <exception cref="PeerUnreachableException">The address leads to nobody, or to another peer.</exception>
    public async Task<PeerId> ConnectAsync(Multiaddr address, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.Peer is PeerId named)
        {
            await ConnectAsync(new PeerInfo(named, [address]), cancellationToken).ConfigureAwait(false);
            return named;
        }

        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        PeerLink link = await DialAnyAsync([address], null, either.Token).ConfigureAwait(false);
        await link.IdentifyEnded.Task.WaitAsync(either.Token).ConfigureAwait(false);
        return link.Remote ?? throw new PeerUnreachableException($"{address} leads to nobody.");
    }

    /// <inheritdoc/>
    public async ValueTask<PeerStream> OpenAsync(PeerInfo peer, string protocol, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(peer);
        ArgumentNullException.ThrowIfNull(protocol);
        PeerLink link = await ReachAsync(peer, isPatient: true, cancellationToken).ConfigureAwait(false);
        link.LastUsed = Now;
        try
        {
            return await link.OpenStreamAsync(protocol, cancellationToken).ConfigureAwait(false);
        }
        catch (StreamResetException) when (link.IsOver && peer.Addresses.Count > 0)
        {
            // It ended just then: once more, over a new one.
            link = await ReachAsync(peer, isPatient: true, cancellationToken).ConfigureAwait(false);
            return await link.OpenStreamAsync(protocol, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<PeerLink> ReachAsync(PeerInfo peer, bool isPatient, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal is not null, this);
            if (_byPeer.TryGetValue(peer.Id, out List<PeerLink>? links) && links.Find(link => !link.IsOver) is PeerLink open)
            {
                return Task.FromResult(open);
            }

            if (peer.Id == LocalPeer)
            {
                throw new PeerUnreachableException("That peer is this one.");
            }

            if (!_dials.TryGetValue(peer.Id, out Task<PeerLink>? dial))
            {
                if (isPatient && _backoff.IsWaiting(peer.Id, Now))
                {
                    throw new PeerUnreachableException($"{peer.Id} could not be reached a moment ago.") { IsBackoff = true };
                }

                dial = Task.Run(() => DialAsync(peer), CancellationToken.None);
                _dials.Add(peer.Id, dial);
            }

            return dial.WaitAsync(cancellationToken);
        }
    }

    private async Task<PeerLink> DialAsync(PeerInfo peer)
    {
        try
        {
            PeerLink link = await DialAnyAsync(peer.Addresses, peer.Id, _closing.Token).ConfigureAwait(false);
            lock (_lock)
            {
                _backoff.Reached(peer.Id);
                _dials.Remove(peer.Id);
            }

            return link;
        }
        catch
        {
            lock (_lock)
            {
                if (!_closing.IsCancellationRequested)
                {
                    _backoff.Failed(peer.Id, Now);
                }

                _dials.Remove(peer.Id);
            }

            throw;
        }
    }

    // All addresses at once: the first that leads to the peer wins, the others are given up.
    private async Task<PeerLink> DialAnyAsync(IReadOnlyList<Multiaddr> addresses, PeerId? expected, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(_options.DialTimeout, _time);
        using CancellationTokenSource attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        IPEndPoint[] endpoints = await ResolveAsync(addresses, attempt.Token).ConfigureAwait(false);
        List<Task<PeerLink>> open = [.. endpoints.Select(endpoint => DialOneAsync(endpoint, expected, attempt.Token))];
        PeerLink? reached = null;
        Exception? failure = null;
        while (open.Count > 0)
        {
            Task<PeerLink> first = await Task.WhenAny(open).ConfigureAwait(false);
            open.Remove(first);
            try
            {
                PeerLink link = await first.ConfigureAwait(false);
                if (reached is null)
                {
                    reached = link;
                    await attempt.CancelAsync().ConfigureAwait(false);
                }
                else
                {
                    link.Close(ConnectionEnd.Closed);
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                failure = exception;
            }
        }

        if (reached is null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            string tried = endpoints.Length == 0 ? "no address that may be dialed" : $"none of {string.Join(", ", endpoints.Select(endpoint => endpoint.ToString()))}";
            throw new PeerUnreachableException($"{expected?.ToString() ?? "The address"} is not reached: {tried}{(failure is PeerUnreachableException ? $" ({failure.Message})" : "")}.", failure);
        }

        return reached;
    }

    private async Task<PeerLink> DialOneAsync(IPEndPoint endpoint, PeerId? expected, CancellationToken cancellationToken)
    {
        CloseIdlest();
        lock (_lock)
        {
            if (!_admission.TryAdmitOwn())
            {
                throw new PeerUnreachableException("There are too many connections.");
            }
        }

        Socket? socket = null;
        PeerLink link;
        try
        {
            socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            link = StartLink(socket, expected, isInbound: false);
        }
        catch
        {
            socket?.Dispose();
            lock (_lock)
            {
                _admission.EndOwn();
            }

            throw;
        }

        try
        {
            await link.Registered.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            link.Close(ConnectionEnd.Closed);
            throw;
        }
    }

    private async Task<IPEndPoint[]> ResolveAsync(IReadOnlyList<Multiaddr> addresses, CancellationToken cancellationToken)
    {
        List<IPEndPoint> endpoints = [];
        foreach (Multiaddr address in addresses.Where(address => _options.Policy.Allows(address)))
        {
            if (address.TryGetTcpEndpoint(out IPEndPoint? endpoint))
            {
                endpoints.Add(endpoint);
            }
            else if (address.TryGetTcpName(out string? name, out int port))
            {
                AddressFamily family = address.Components[0].Protocol switch
                {
                    MultiaddrProtocol.Dns4 => AddressFamily.InterNetwork,
                    MultiaddrProtocol.Dns6 => AddressFamily.InterNetworkV6,
                    _ => AddressFamily.Unspecified,
                };
                endpoints.AddRange((await LookUpAsync(name, family, cancellationToken).ConfigureAwait(false)).Take(MaxResolved).Select(found => new IPEndPoint(found, port)));
            }
        }

        return [.. endpoints.Where(endpoint => _options.Policy.Allows(endpoint)).Distinct().Take(MaxAttempts)];
    }

    private static async Task<IPAddress[]> LookUpAsync(string name, AddressFamily family, CancellationToken cancellationToken)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name, family, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException or OperationCanceledException)
        {
            // A name that leads nowhere in time is no address.
            return [];
        }
    }
}
