using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Records;

/// <summary>Passes handshakes and the arrangements of hole punching on, between clients and servers that announced themselves here.</summary>
/// <remarks>
/// npm hyperdht 6, lib/router.js. No state is kept of a message: who relays the answer learns from it whom it is for. One datagram in is
/// one out, hardly longer, so that nothing is amplified; budgets by source and by destination keep it from hiding a flood's origin for long.
/// </remarks>
internal sealed class HandshakeRelay(IServiceHost host, ServerRoutes routes, HyperLimits limits, HyperCounters counters)
{
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(1);

    private readonly Budget _bySource = new(s_window, limits.Forwards, limits.ForwardsPerSource);
    private readonly Budget _byDestination = new(s_window, limits.Forwards, limits.ForwardsPerSource);

    internal void Handshake(scoped in ServiceRequest request, Instant now)
    {
        if (!request.Message.HasTarget || !HandshakeEnvelope.TryRead(request.Message.Value, out HandshakeEnvelope envelope) || envelope.Noise.IsEmpty)
        {
            counters.Unreadable++;
            return;
        }

        bool isRouted = routes.TryGet(request.Message.Target, now, out ServerRoutes.Route route);
        HandshakeEnvelope passed = new() { Noise = envelope.Noise };
        switch (envelope.Mode)
        {
            case RelayMode.FromClient when envelope.RelayAddress is null && !isRouted:
                // We do not know the server: the closer nodes are the way to those who do.
                host.ReplyEmpty(request, givesToken: false, givesNodes: true, now);
                break;
            case RelayMode.FromClient:
                passed.Mode = RelayMode.FromRelay;
                passed.PeerAddress = request.From;
                Forward(request, passed, envelope.RelayAddress ?? route.Address, now);
                break;
            case RelayMode.FromRelay when isRouted:
                passed.Mode = RelayMode.FromSecondRelay;
                passed.PeerAddress = envelope.PeerAddress;
                passed.RelayAddress = request.From;
                Forward(request, passed, route.Address, now);
                break;
            case RelayMode.FromServer when envelope.PeerAddress is UdpEndpoint client:
                passed.Mode = RelayMode.Reply;
                passed.PeerAddress = request.From;
                Count(MaySend(request, client, now) && host.ReplyTo(request, passed, client, now));
                break;
            default:
                counters.Unreadable++;
                break;
        }
    }

    internal void Holepunch(scoped in ServiceRequest request, Instant now)
    {
        if (!request.Message.HasTarget || !HolepunchEnvelope.TryRead(request.Message.Value, out HolepunchEnvelope envelope))
        {
            counters.Unreadable++;
            return;
        }

        bool isRouted = routes.TryGet(request.Message.Target, now, out ServerRoutes.Route route);
        HolepunchEnvelope passed = new() { Id = envelope.Id, Payload = envelope.Payload, PeerAddress = request.From };
        switch (envelope.Mode)
        {
            case RelayMode.FromClient when envelope.PeerAddress is not null || isRouted:
                passed.Mode = RelayMode.FromRelay;
                Forward(request, passed, envelope.PeerAddress ?? route.Address, now);
                break;
            case RelayMode.FromServer when envelope.PeerAddress is UdpEndpoint client:
                passed.Mode = RelayMode.Reply;
                Count(MaySend(request, client, now) && host.ReplyTo(request, passed, client, now));
                break;
            default:
                counters.Unreadable++;
                break;
        }
    }

    private void Forward<TValue>(scoped in ServiceRequest request, scoped in TValue value, UdpEndpoint to, Instant now)
        where TValue : ICompactValue<TValue>, allows ref struct =>
        Count(MaySend(request, to, now) && host.Forward(request, value, to, now));

    private bool MaySend(scoped in ServiceRequest request, UdpEndpoint to, Instant now) =>
        _bySource.TrySpend(request.From, now) && _byDestination.TrySpend(to, now);

    private void Count(bool isSent)
    {
        counters.Forwarded += isSent ? 1 : 0;
        counters.NotForwarded += isSent ? 0 : 1;
    }
}
