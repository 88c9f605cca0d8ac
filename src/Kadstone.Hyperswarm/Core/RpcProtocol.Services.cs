using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What a service inside the core may send.</summary>
internal sealed partial class RpcProtocol : IServiceHost
{
    // Beside the value: first bytes, number, address; id, token, eight closer nodes with their count; the value's length.
    private const int BesideValue = 10 + 32 + RpcReader.TokenLength + 1 + (8 * EndpointLength) + 3;

    /// <summary>Answers commands inside the core; null for none.</summary>
    internal IRequestService? Service { get; set; }

    Key256 IServiceHost.Id => Id;

    bool IServiceHost.IsPersistent => IsPersistent;

    int IServiceHost.Room(scoped in ServiceRequest request) => Math.Max(0, request.Most - BesideValue);

    void IServiceHost.Reply(scoped in ServiceRequest request, ReadOnlySpan<byte> value, Instant now) =>
        Answer(ReplyOf(request), TargetOf(request), givesToken: true, RpcError.None, hasValue: true, value, now);

    void IServiceHost.ReplyEmpty(scoped in ServiceRequest request, bool givesToken, bool givesNodes, Instant now) =>
        Answer(ReplyOf(request), givesNodes ? TargetOf(request) : null, givesToken, RpcError.None, hasValue: false, default, now);

    void IServiceHost.Refuse(scoped in ServiceRequest request, RpcError error, Instant now) =>
        Answer(ReplyOf(request), TargetOf(request), givesToken: false, error, hasValue: false, default, now);

    bool IServiceHost.Forward<TValue>(scoped in ServiceRequest request, scoped in TValue value, UdpEndpoint to, Instant now)
    {
        Span<byte> buffer = Accepts(to) ? _outbox.Reserve() : default;
        if (buffer.IsEmpty)
        {
            return false;
        }

        RpcWriter writer = RpcWriter.Request(buffer, request.Message.Transaction, to);
        if (IsPersistent && request.Socket == ServerSocket)
        {
            writer.Id(Id);
        }

        writer.Command(request.Message.Command);
        writer.Target(request.Message.Target);
        writer.Value(value);
        return Relay(request, writer, to, now);
    }

    bool IServiceHost.ReplyTo<TValue>(scoped in ServiceRequest request, scoped in TValue value, UdpEndpoint to, Instant now)
    {
        Span<byte> buffer = Accepts(to) ? _outbox.Reserve() : default;
        if (buffer.IsEmpty)
        {
            return false;
        }

        RpcWriter writer = RpcWriter.Response(buffer, request.Message.Transaction, to);
        if (IsPersistent && request.Socket == ServerSocket)
        {
            writer.Id(Id);
        }

        writer.Value(value);
        return Relay(request, writer, to, now);
    }

    // Who asked pays: a source that is not proved cannot make us send a stranger more than it is allowed itself.
    private bool Relay(scoped in ServiceRequest request, scoped in RpcWriter writer, UdpEndpoint to, Instant now)
    {
        if (writer.Overflowed || writer.Length > request.Most)
        {
            Counters.OverAllowance++;
            return false;
        }

        _outbox.Commit(to, request.Socket, writer.Length);
        _limiter.Charge(request.From, writer.Length, now);
        return true;
    }

    private static Reply ReplyOf(scoped in ServiceRequest request) => new(request.From, request.From, request.Message.Transaction, request.Socket, request.Most);

    private static Key256? TargetOf(scoped in ServiceRequest request) => request.Message.HasTarget ? request.Message.Target : null;
}
