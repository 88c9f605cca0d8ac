using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>What we answer. Nothing here allocates for the node's own commands.</summary>
internal sealed partial class Gen1Protocol
{
    private const int MaxAnswer = 1_400;
    private const int KeyFieldLength = 2 + 32;
    private const int TokenLength = RpcReader.TokenLength;
    private const int LongestFieldHead = 3;

    private readonly List<Served> _served = [];
    private readonly RecentEndpoints _candidates = new(TimeSpan.FromMinutes(1), 4_096);

    /// <summary>A command that a handler answers.</summary>
    private readonly record struct Served(string Name, byte[] Utf8);

    /// <summary>An answer in the making.</summary>
    /// <param name="To">Where it goes.</param>
    /// <param name="Asker">Who asked, and pays for it.</param>
    /// <param name="Transaction">The request's number.</param>
    /// <param name="Most">The most bytes that the asker may cause.</param>
    private readonly record struct Reply(UdpEndpoint To, UdpEndpoint Asker, ushort Transaction, int Most);

    /// <summary>From now on requests of this command go to a handler, by way of <see cref="InboundRequests"/>.</summary>
    internal void Serve(string command)
    {
        if (!_served.Exists(served => served.Name == command))
        {
            _served.Add(new Served(command, System.Text.Encoding.UTF8.GetBytes(command)));
        }
    }

    void INodeCore.Serve(RpcCommand command) => Serve(command.Name);

    /// <summary>Sends a handler's answer. An error is none on this wire: then nothing is sent.</summary>
    public void Answer(InboundRequest inbound, RpcReply answer, Instant now)
    {
        if (answer.Error != 0)
        {
            return;
        }

        UdpEndpoint to = inbound.Request.From;
        Reply reply = new(to, to, inbound.Transaction, Math.Min(MaxAnswer, _limiter.AllowanceNow(to, now)));
        Answer(reply, inbound.Request.Target, answer.Value.HasValue, answer.Value.GetValueOrDefault().Span, answer.GivesToken, now);
    }

    private void ReceiveRequest(in Gen1Message request, in Reply reply, int length, Instant now)
    {
        Counters.Requests++;
        if (request.ForwardResponse is UdpEndpoint asker)
        {
            // The id in it is not the sender's.
            AnswerForwarded(reply, asker, length, now);
            return;
        }

        bool isTrusted = request.HasToken && _tokens.IsValid(reply.To, now, request.Token);
        if (isTrusted)
        {
            _limiter.Prove(reply.To, now);
        }
        else if (request.HasToken)
        {
            Counters.BadToken++;
        }

        if (request.ForwardRequest is UdpEndpoint hidden)
        {
            Forward(reply, hidden, now);
        }
        else if (request.Command == Gen1Command.Ping)
        {
            AnswerPing(reply, now);
        }
        else if (request.Command == Gen1Command.FindNode)
        {
            Answer(reply, request.Target, hasValue: false, default, givesToken: true, now);
        }
        else
        {
            AnswerCustom(request, reply, isTrusted, now);
        }

        Consider(request, reply.To, now);
    }

    private void AnswerCustom(in Gen1Message request, in Reply reply, bool isTrusted, Instant now)
    {
        if (_settings.ServesPeers && request.CommandName.SequenceEqual("peers"u8))
        {
            AnswerPeers(request, reply, isTrusted, now);
            return;
        }

        foreach (ref readonly Served served in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_served))
        {
            if (request.CommandName.SequenceEqual(served.Utf8))
            {
                RpcRequest asked = new(reply.To, request.HasId ? request.Id : null, 0, request.Target, ValueOf(request), isTrusted)
                {
                    CommandName = served.Name,
                };
                Counters.InboxFull += InboundRequests.TryAdd(new InboundRequest(asked, request.Transaction, 0, now)) ? 0 : 1;
                return;
            }
        }

        // What nobody serves is answered with the nodes closer to it, and a token.
        Answer(reply, request.Target, hasValue: false, default, givesToken: true, now);
    }

    // Without the cast the absent value would become an empty one, by way of a null array.
    private static ReadOnlyMemory<byte>? ValueOf(in Gen1Message request) => request.HasValue ? (ReadOnlyMemory<byte>?)request.Value.ToArray() : null;

    private void AnswerPing(in Reply reply, Instant now)
    {
        Span<byte> seen = stackalloc byte[6];
        reply.To.WriteCompact(seen);
        Answer(reply, null, hasValue: true, seen, givesToken: true, now);
    }

    private void Answer(in Reply reply, Key256? target, bool hasValue, ReadOnlySpan<byte> value, bool givesToken, Instant now)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return;
        }

        Gen1Writer writer = new(buffer);
        writer.BeginResponse(reply.Transaction);
        if (!IsEphemeral)
        {
            writer.Id(Id);
        }

        if (target is Key256 key)
        {
            // Nodes fill what the asker may cause.
            int rest = LongestFieldHead + (givesToken ? KeyFieldLength : 0) + (hasValue ? LongestFieldHead + value.Length : 0);
            int room = (reply.Most - writer.Length - rest) / Gen1Contact.CompactLength;
            Span<Gen1Contact> closest = stackalloc Gen1Contact[Gen1Walk.Width];
            int count = Table.CopyClosest(key, closest);
            writer.Nodes(closest[..Math.Clamp(room, 0, count)]);
        }

        if (hasValue)
        {
            writer.Value(value);
        }

        if (givesToken)
        {
            Span<byte> token = stackalloc byte[TokenLength];
            _tokens.Write(reply.Asker, now, token);
            writer.ResponseToken(token);
        }

        if (writer.Overflowed || writer.Length > reply.Most)
        {
            Counters.OverAllowance++;
            return;
        }

        _outbox.Commit(reply.To, 0, writer.Length);
        _limiter.Charge(reply.Asker, writer.Length, now);
    }

    /// <summary>Who asks is only a candidate: it may be pinged, and is admitted when it answers.</summary>
    private void Consider(in Gen1Message request, UdpEndpoint from, Instant now)
    {
        Gen1Contact contact = new(request.HasId ? request.Id : default, from);
        if (!Accepts(from) || (request.HasId && IsOwn(contact)))
        {
            return;
        }

        bool isKnown = request.HasId && Table.Find(contact) is { } entry && entry.Id == request.Id;
        if (isKnown)
        {
            Table.Queried(contact, now);
        }

        bool isCandidate = request.HasId && !isKnown && _limiter.IsProved(from, now) && _candidates.Add(from, now);
        bool wants = isCandidate || (_settings.Limits.IsOn && !_requests.IsAwaiting(from) && _limiter.WantsProof(from, now));
        if (wants && Ask(new Gen1DirectQuery(), Gen1Question.Ping, contact, null, WalkAttempts, now))
        {
            // One datagram, so that it stays within what the limiter granted.
            _limiter.Charge(from, _settings.Limits.ProofBytes, now);
        }
    }
}
