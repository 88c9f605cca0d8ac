using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What we answer. Nothing here allocates for dht-rpc's own commands, a delayed ping aside.</summary>
internal sealed partial class RpcProtocol
{
    private const int MaxDelayed = 1_024;
    private const int MaxHintChecks = 10;
    private const int EndpointLength = 6;
    private const int MaxAnswer = 1_400;

    private readonly HashSet<uint> _served = [];
    private readonly PriorityQueue<Reply, long> _delayed = new();
    private readonly RecentEndpoints _candidates = new(TimeSpan.FromMinutes(1), 4_096);
    private int _hintChecks;

    /// <summary>From now on requests of this command go to a handler, by way of <see cref="InboundRequests"/>.</summary>
    internal void Serve(uint command) => _served.Add(command);

    void INodeCore.Serve(RpcCommand command) => Serve(command.Number);

    /// <inheritdoc/>
    public void Answer(InboundRequest inbound, RpcReply answer, Instant now)
    {
        UdpEndpoint to = inbound.Request.From;
        int most = Math.Min(MaxAnswer, _limiter.AllowanceNow(to, now));
        Answer(new Reply(to, to, inbound.Transaction, inbound.Socket, most), inbound.Request.Target, answer.GivesToken, (RpcError)answer.Error, answer.Value, now);
    }

    /// <summary>An answer in the making.</summary>
    /// <param name="To">Where it goes.</param>
    /// <param name="Asker">Who asked, and pays for it.</param>
    /// <param name="Transaction">The request's number.</param>
    /// <param name="Socket">Where the request came in.</param>
    /// <param name="Most">The most bytes that the asker may cause.</param>
    private readonly record struct Reply(UdpEndpoint To, UdpEndpoint Asker, ushort Transaction, byte Socket, int Most);

    private void ReceiveRequest(in RpcMessage request, UdpEndpoint from, byte socket, int allowance, Instant now)
    {
        Counters.Requests++;
        Reply reply = new(from, from, request.Transaction, socket, Math.Min(MaxAnswer, allowance));
        Key256? target = request.HasTarget ? request.Target : null;
        bool isTrusted = request.HasToken && _tokens.IsValid(from, now, request.Token);
        if (isTrusted)
        {
            _limiter.Prove(from, now);
        }

        if (request.HasToken && !isTrusted)
        {
            Counters.BadToken++;
            Answer(reply, target, givesToken: true, RpcError.InvalidToken, null, now);
        }
        else if (request.IsInternal)
        {
            AnswerInternal(reply, request, target, now);
        }
        else if (Service is { } service && service.Serves(request.Command))
        {
            service.Answer(new ServiceRequest(request, from, socket, isTrusted, reply.Most), now);
        }
        else if (_served.Contains(request.Command))
        {
            Key256? id = request.TryGetContact(from, out RpcContact sender) ? sender.Id : null;
            ReadOnlyMemory<byte>? value = request.HasValue ? request.Value.ToArray() : default(ReadOnlyMemory<byte>?);
            RpcRequest asked = new(from, id, request.Command, target, value, isTrusted);
            Counters.InboxFull += InboundRequests.TryAdd(new InboundRequest(asked, request.Transaction, socket, now)) ? 0 : 1;
        }
        else
        {
            Answer(reply, target, givesToken: false, RpcError.UnknownCommand, null, now);
        }

        Consider(request, from, now);
    }

    private void AnswerInternal(in Reply reply, in RpcMessage request, Key256? target, Instant now)
    {
        switch ((RpcInternalCommand)request.Command)
        {
            case RpcInternalCommand.Ping:
                Answer(reply, now);
                break;
            case RpcInternalCommand.PingNat when RpcInternalValue.TryReadPort(request.Value, out ushort port):
                Answer(reply with { To = reply.To.WithPort(port) }, now);
                break;
            case RpcInternalCommand.FindNode when request.HasTarget:
                Answer(reply, target, givesToken: false, RpcError.None, null, now);
                break;
            case RpcInternalCommand.DownHint when RpcInternalValue.TryReadHint(request.Value, out UdpEndpoint silent):
                Answer(reply, now);
                CheckHint(silent, now);
                break;
            case RpcInternalCommand.DelayedPing when RpcInternalValue.TryReadDelay(request.Value, out TimeSpan delay):
                if (_delayed.Count < MaxDelayed)
                {
                    _delayed.Enqueue(reply, (now + delay).Ticks);
                }
                else
                {
                    Counters.DelayedFull++;
                }

                break;
            case > RpcInternalCommand.DelayedPing:
                Answer(reply, target, givesToken: false, RpcError.UnknownCommand, null, now);
                break;
            default:
                // What cannot be read is not answered.
                break;
        }
    }

    private void AnswerDelayed(Instant now)
    {
        while (_delayed.TryPeek(out Reply reply, out long due) && due <= now.Ticks)
        {
            _delayed.Dequeue();
            Answer(reply with { Most = Math.Min(MaxAnswer, _limiter.AllowanceNow(reply.To, now)) }, now);
        }
    }

    private void Answer(in Reply reply, Instant now) => Answer(reply, null, givesToken: false, RpcError.None, null, now);

    private void Answer(in Reply reply, Key256? target, bool givesToken, RpcError error, ReadOnlyMemory<byte>? value, Instant now) =>
        Answer(reply, target, givesToken, error, value.HasValue, value.GetValueOrDefault().Span, now);

    private void Answer(in Reply reply, Key256? target, bool givesToken, RpcError error, bool hasValue, ReadOnlySpan<byte> value, Instant now)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return;
        }

        RpcWriter writer = RpcWriter.Response(buffer, reply.Transaction, reply.To);
        if (IsPersistent && reply.Socket == ServerSocket)
        {
            writer.Id(Id);
        }

        if (givesToken)
        {
            Span<byte> token = stackalloc byte[RpcReader.TokenLength];
            _tokens.Write(reply.Asker, now, token);
            writer.Token(token);
        }

        if (target is Key256 key)
        {
            // Nodes fill what the asker may cause: its count, the error and the value take at most 12 bytes and the value's own.
            int room = (reply.Most - writer.Length - 12 - value.Length) / EndpointLength;
            Span<RpcContact> closest = stackalloc RpcContact[Walk.Width];
            int count = Table.CopyClosest(key, closest);
            writer.CloserNodes(closest[..Math.Clamp(room, 0, count)]);
        }

        writer.Error(error);
        if (hasValue)
        {
            writer.Value(value);
        }

        if (writer.Overflowed || writer.Length > reply.Most)
        {
            Counters.OverAllowance++;
            return;
        }

        _outbox.Commit(reply.To, reply.Socket, writer.Length);
        _limiter.Charge(reply.Asker, writer.Length, now);
    }

    // A hint is anybody's to forge: it makes us look, and only the node's own silence costs it its place.
    private void CheckHint(UdpEndpoint silent, Instant now)
    {
        if (_hintChecks >= MaxHintChecks || !Accepts(silent) || !_window.HasRoomForOthers(now))
        {
            return;
        }

        RpcContact contact = RpcContact.FromEndpoint(silent);
        if (!Table.Contains(contact) || _requests.IsAwaiting(silent))
        {
            return;
        }

        _hintChecks++;
        DirectQuery? check = null;
        check = new DirectQuery
        {
            Changed = () =>
            {
                _hintChecks--;
                if (check?.Outcome == DirectOutcome.Silent)
                {
                    Table.Remove(contact);
                }
            },
        };
        Start(check, Question.Ping, contact, CheckAttempts, now);
    }

    /// <summary>Who asks is only a candidate: it may be pinged, and is admitted when it answers under its own id.</summary>
    private void Consider(in RpcMessage request, UdpEndpoint from, Instant now)
    {
        if (!Accepts(from))
        {
            return;
        }

        bool hasId = request.TryGetContact(from, out RpcContact contact);
        bool isKnown = hasId && Table.Contains(contact);
        if (isKnown)
        {
            Table.Queried(contact, now);
        }

        if (!_window.HasRoomForOthers(now))
        {
            return;
        }

        // A node that joins has no id at first, so a proof is no admission: it is asked again once it has one. Who is proved is no victim.
        bool isCandidate = hasId && !isKnown && _limiter.IsProved(from, now) && _candidates.Add(from, now);
        bool wants = isCandidate || (_settings.Limits.IsOn && !_requests.IsAwaiting(from) && _limiter.WantsProof(from, now));
        if (wants && Ask(new DirectQuery(), Question.Ping, hasId ? contact : RpcContact.FromEndpoint(from), null, attempts: 1, now))
        {
            // One datagram, so that it stays within what the limiter granted.
            _limiter.Charge(from, _settings.Limits.ProofBytes, now);
        }
    }
}
