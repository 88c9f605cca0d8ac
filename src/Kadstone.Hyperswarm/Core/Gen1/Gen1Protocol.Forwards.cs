using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>Pings that are passed on: how two nodes behind NATs are brought together by a third that both know.</summary>
/// <remarks>
/// Whoever passes datagrams on to anybody is a weapon. So pings alone are passed on, by way of nodes and to nodes that answered us; and an answer past
/// the sender counts as an answer to whom it goes to, who has the budget of any stranger.
/// </remarks>
internal sealed partial class Gen1Protocol
{
    private const int MaxForwardsASecond = 100;
    private static readonly TimeSpan s_forwardWindow = TimeSpan.FromSeconds(1);

    private Instant _forwardsUntil;
    private int _forwards;

    /// <summary>The first half: we are the referrer.</summary>
    private void Forward(in Reply reply, UdpEndpoint to, Instant now)
    {
        Span<byte> buffer = IsKnown(to, now) && !IsOwn(to) && Accepts(reply.To) && MayForward(now) ? _outbox.Reserve() : default;
        if (buffer.IsEmpty)
        {
            Counters.ForwardRefused++;
            return;
        }

        Gen1Writer writer = new(buffer);
        writer.BeginRequest(reply.Transaction, Gen1Question.Ping.Command.Span);
        writer.ForwardResponse(reply.To);
        _outbox.Commit(to, 0, writer.Length);
        _limiter.Charge(reply.Asker, writer.Length, now);
        Counters.Forwarded++;
    }

    /// <summary>The second half: a referrer told us who wants our answer.</summary>
    private void AnswerForwarded(in Reply reply, UdpEndpoint asker, int length, Instant now)
    {
        if (!IsKnown(reply.To, now) || !Accepts(asker) || IsOwn(asker) || !MayForward(now) || !_limiter.Admit(asker, length, now, out int allowance, out _))
        {
            Counters.ForwardRefused++;
            return;
        }

        AnswerPing(new Reply(asker, asker, reply.Transaction, Math.Min(MaxAnswer, allowance)), now);
    }

    private bool IsKnown(UdpEndpoint endpoint, Instant now) =>
        Accepts(endpoint) && (Table.Contains(new Gen1Contact(default, endpoint)) || (_settings.Limits.IsOn && _limiter.IsProved(endpoint, now)));

    private bool MayForward(Instant now)
    {
        if (now >= _forwardsUntil)
        {
            _forwardsUntil = now + s_forwardWindow;
            _forwards = 0;
        }

        return _forwards++ < MaxForwardsASecond;
    }
}
