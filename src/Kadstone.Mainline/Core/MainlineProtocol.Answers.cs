using System.Security.Cryptography;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core.Peers;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Core;

/// <summary>What we answer. Nothing here allocates for ping, find_node and get_peers.</summary>
internal sealed partial class MainlineProtocol
{
    private const int MaxNodes = 8;
    private const int MaxValues = 100;
    private const int MaxSamples = 20;

    // Most bytes of an answer. BEP 32: must not exceed 1,024 over IPv6; IPv4 stays below any path's MTU.
    private const int MaxAnswerIPv4 = 1_400;
    private const int MaxAnswerIPv6 = 1_024;
    private const int MaxItemAnswer = 1_280;
    private const double MaxAmplificationOfItem = 15;
    private const double MaxAmplificationOfNothing = 5;

    // An answer is at most this many times as long as its query, so that a forged source multiplies little.
    private const double MaxAmplification = 11.5;
    private const double MaxAmplificationOfNodes = 4.5;
    private const double MaxAmplificationOfBothNodes = 6;

    // "d1:rd2:id20:" + id + "e" + "1:y1:re"; the transaction adds itself.
    private const int LeastAnswer = 12 + 20 + 1 + 7;

    /// <summary>Whether answers may leave out courtesy: a source on its byte budget gets neither "ip" nor "v".</summary>
    private const int LeanAllowance = 512;

    private void ReceiveQuery(LocalNode local, in KrpcMessage query, UdpEndpoint from, int length, int allowance, Instant now)
    {
        Counters.Queries++;
        Reachability.Asked(from);
        if (!Reachability.IsServing)
        {
            Counters.NotServing++;
            return;
        }

        int most = Math.Min(Math.Min(allowance, from.IsIPv4 ? MaxAnswerIPv4 : MaxAnswerIPv6), (int)(length * AmplificationOf(query)));
        Reply reply = new(local, from, query.Transaction, most, IsLean: allowance < LeanAllowance);
        if (query.Fault != KrpcFault.None)
        {
            Refuse(reply, KrpcErrorCode.Protocol, query.Fault.Text(), now);
            return;
        }

        switch (query.Method)
        {
            case KrpcMethod.Ping:
                AnswerPing(reply, now);
                break;
            case KrpcMethod.FindNode:
                AnswerFindNode(reply, query, now);
                break;
            case KrpcMethod.GetPeers:
                AnswerGetPeers(reply, query, now);
                break;
            case KrpcMethod.AnnouncePeer:
                AnswerAnnouncePeer(reply, query, now);
                break;
            case KrpcMethod.Get:
            case KrpcMethod.Put:
                AnswerItem(reply, query, length, allowance, now);
                break;
            case KrpcMethod.SampleInfohashes:
                AnswerSample(reply, query, now);
                break;
            case KrpcMethod.Unknown when query.HasTarget:
                AnswerFindNode(reply, query, now);
                break;
            default:
                Refuse(reply, KrpcErrorCode.UnknownMethod, "unknown method"u8, now);
                break;
        }

        Consider(local, query, from, now);
    }

    private static double AmplificationOf(in KrpcMessage query) =>
        query.Fault != KrpcFault.None || query.Method is not (KrpcMethod.FindNode or KrpcMethod.Unknown) ? MaxAmplification
        : query.WantsIPv4 && query.WantsIPv6 ? MaxAmplificationOfBothNodes
        : MaxAmplificationOfNodes;

    // The limiter paces the pings to strangers; without it somebody else must.
    private readonly RecentEndpoints _candidates = new(TimeSpan.FromMinutes(1), 4_096);

    private readonly RecentEndpoints _turnedReadOnly = new(TimeSpan.FromMinutes(1), 4_096);

    // A read-only node does not answer: who says so and is silent leaves, whoever answers stays.
    private void CheckWhetherReadOnly(LocalNode local, NodeContact contact, Instant now)
    {
        DirectQuery ping = new(KrpcMethod.Ping, default);
        ping.Changed = () =>
        {
            if (ping.Outcome == DirectOutcome.Silent)
            {
                local.Table.Remove(contact);
            }
        };
        Ask(ping, local, contact, isIdKnown: true, CheckAttempts, now);
    }

    /// <summary>One answer in the making: to whom, from where, and how long it may get.</summary>
    private readonly ref struct Reply(LocalNode local, UdpEndpoint to, ReadOnlySpan<byte> transaction, int most, bool IsLean)
    {
        internal readonly LocalNode Local = local;
        internal readonly UdpEndpoint To = to;
        internal readonly ReadOnlySpan<byte> Transaction = transaction;
        internal readonly int Most = most;
        internal readonly bool IsLean = IsLean;

        /// <summary>What is left for values beside the frame of the answer.</summary>
        internal int Room(int version) => Most - LeastAnswer
            - (Transaction.Length + (Transaction.Length < 10 ? 5 : 6))
            - (IsLean ? 0 : (To.IsIPv4 ? 12 : 25) + (version == 0 ? 0 : 5 + version));
    }

    /// <summary>A querier is only a candidate: it may be pinged, and is admitted when it answers.</summary>
    private void Consider(LocalNode local, in KrpcMessage query, UdpEndpoint from, Instant now)
    {
        if (!query.HasId || !local.Accepts(from))
        {
            return;
        }

        NodeContact contact = new(query.Id, from);
        if (query.IsReadOnly)
        {
            // BEP 43: read-only nodes do not belong into tables. The flag is anybody's to forge, so it only makes us look again.
            if (local.Table.Contains(contact) && _turnedReadOnly.Add(from, now))
            {
                CheckWhetherReadOnly(local, contact, now);
            }
        }
        else if (local.Table.Contains(contact))
        {
            local.Table.Queried(contact, now);
            if (_settings.Limits.IsOn && _limiter.WantsProof(from, now) && !_requests.IsAwaiting(from))
            {
                // A proof ends before an entry is due for a check: it must not be served worse than a stranger. Whatever id the query claims.
                Prove(local, contact, isIdKnown: false, now);
            }
        }
        else if ((_settings.Limits.IsOn ? _limiter.WantsProof(from, now) : _candidates.Add(from, now)) && !_requests.IsAwaiting(from))
        {
            Prove(local, contact, isIdKnown: true, now);
        }
    }

    // One datagram, so that it stays within what the limiter granted: a forged source must not cost its owner three.
    private void Prove(LocalNode local, NodeContact contact, bool isIdKnown, Instant now)
    {
        if (Ask(new DirectQuery(KrpcMethod.Ping, default), local, contact, isIdKnown, attempts: 1, now))
        {
            _limiter.Charge(contact.Endpoint, _settings.Limits.ProofBytes, now);
        }
    }

    private bool TryBegin(in Reply reply, out KrpcWriter writer, bool scrapes = false)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            writer = default;
            return false;
        }

        writer = new KrpcWriter(buffer);
        if (reply.IsLean)
        {
            writer.BeginResponse(reply.Local.Id);
        }
        else if (scrapes)
        {
            writer.BeginResponse(reply.Local.Id, reply.To, _downloaders, _seeds);
        }
        else
        {
            writer.BeginResponse(reply.Local.Id, reply.To);
        }

        return true;
    }

    private void End(in Reply reply, ref KrpcWriter writer, Instant now)
    {
        writer.EndResponse(reply.Transaction, reply.IsLean ? default : _settings.Version.Span);
        Post(reply, writer.Length, writer.Overflowed, now);
    }

    private void Post(in Reply reply, int length, bool overflowed, Instant now)
    {
        if (overflowed || length > reply.Most)
        {
            Counters.RateLimited++;
            return;
        }

        _outbox.Commit(reply.To, reply.Local.Socket, length);
        _limiter.Charge(reply.To, length, now);
    }

    private void Refuse(in Reply reply, KrpcErrorCode code, ReadOnlySpan<byte> text, Instant now)
    {
        Span<byte> buffer = _outbox.Reserve();
        if (buffer.IsEmpty)
        {
            Counters.OutboxFull++;
            return;
        }

        int length = KrpcWriter.WriteError(
            buffer,
            reply.IsLean ? null : reply.To,
            (int)code,
            reply.IsLean ? default : text,
            reply.Transaction,
            reply.IsLean ? default : _settings.Version.Span);
        Post(reply, length, overflowed: length == 0, now);
    }

    private void AnswerPing(in Reply reply, Instant now)
    {
        if (TryBegin(reply, out KrpcWriter writer))
        {
            End(reply, ref writer, now);
        }
    }

    private void AnswerFindNode(in Reply reply, in KrpcMessage query, Instant now)
    {
        if (TryBegin(reply, out KrpcWriter writer))
        {
            int room = reply.Room(_settings.Version.Length);
            WriteNodes(ref writer, reply, query, ref room);
            End(reply, ref writer, now);
        }
    }

    private void AnswerGetPeers(in Reply reply, in KrpcMessage query, Instant now)
    {
        bool scrapes = query.Scrape && !reply.IsLean && Peers.TryScrape(query.Target, now, new ScrapeFilter(_seeds), new ScrapeFilter(_downloaders));
        int room = reply.Room(_settings.Version.Length) - (scrapes ? ScrapeLength : 0);
        if (room < 0)
        {
            room += ScrapeLength;
            scrapes = false;
        }

        if (!TryBegin(reply, out KrpcWriter writer, scrapes))
        {
            return;
        }

        // BEP 5 withholds nothing, but a full shelf gives no token, so that the asker announces to the next node.
        bool givesToken = !Peers.IsFull(query.Target, reply.To.IsIPv4) && room >= 9 + TokenIssuer.Length;
        room -= givesToken ? 9 + TokenIssuer.Length : 0;

        // Nodes come first in the answer (sorted keys) and in its budget: lookups live on them. BEP 32 sends them beside values.
        WriteNodes(ref writer, reply, query, ref room);
        if (givesToken)
        {
            Span<byte> token = stackalloc byte[TokenIssuer.Length];
            WriteToken(reply.Local, reply.To, query.Target, now, token);
            writer.Bytes("5:token"u8, token);
        }

        WriteValues(ref writer, reply, query, room, now);
        End(reply, ref writer, now);
    }

    private const int ScrapeLength = 2 * (6 + 4 + 256);

    // Filled by the one scrape that is being answered.
    private readonly byte[] _seeds = new byte[ScrapeFilter.Length];
    private readonly byte[] _downloaders = new byte[ScrapeFilter.Length];

    private void WriteValues(ref KrpcWriter writer, in Reply reply, in KrpcMessage query, int room, Instant now)
    {
        int entry = reply.To.IsIPv4 ? 6 : 18;
        int onWire = reply.To.IsIPv4 ? 8 : 21;
        int most = Math.Min(MaxValues, (room - 10) / onWire);
        if (most <= 0)
        {
            return;
        }

        Span<byte> packed = stackalloc byte[MaxValues * 18];
        int count = Peers.CopyPeers(query.Target, reply.To.IsIPv4, query.NoSeed, most, packed, now);
        if (count > 0)
        {
            writer.Values(packed[..(count * entry)], entry);
        }
    }

    /// <summary>The nearest nodes of the families that are wanted, as many as fit.</summary>
    private void WriteNodes(ref KrpcWriter writer, in Reply reply, in KrpcMessage query, ref int room)
    {
        bool wants4 = query.HasWant ? query.WantsIPv4 : reply.To.IsIPv4;
        bool wants6 = query.HasWant ? query.WantsIPv6 : !reply.To.IsIPv4;
        Span<NodeContact> nearest = stackalloc NodeContact[MaxNodes];
        if (wants4)
        {
            WriteNodes(ref writer, NodeOf(reply.Local, isIPv4: true), query.Target, isIPv4: true, nearest, ref room);
        }

        if (wants6)
        {
            WriteNodes(ref writer, NodeOf(reply.Local, isIPv4: false), query.Target, isIPv4: false, nearest, ref room);
        }
    }

    private static void WriteNodes(ref KrpcWriter writer, LocalNode? local, in Key160 target, bool isIPv4, scoped Span<NodeContact> nearest, ref int room)
    {
        int size = isIPv4 ? NodeContact.CompactLengthIPv4 : NodeContact.CompactLengthIPv6;
        if (room < 12)
        {
            return;
        }

        int most = Math.Min(MaxNodes, (room - 12) / size);
        int count = local is null ? 0 : local.Table.CopyClosest(target, nearest[..most]);
        writer.Nodes(nearest[..count], isIPv4);
        room -= 12 + (count * size);
    }

    // BEP 45: the socket that was asked answers from its own table; the other family is served by its first node.
    private LocalNode? NodeOf(LocalNode asked, bool isIPv4)
    {
        if (asked.IsIPv4 == isIPv4)
        {
            return asked;
        }

        foreach (LocalNode local in _locals)
        {
            if (local.IsIPv4 == isIPv4)
            {
                return local;
            }
        }

        return null;
    }

    // BEP 45: a token is good for the socket that gave it, so the socket is part of what is hashed.
    private void WriteToken(LocalNode local, UdpEndpoint to, in Key160 key, Instant now, scoped Span<byte> token)
    {
        Span<byte> scope = stackalloc byte[21];
        key.Write(scope);
        scope[20] = local.Socket;
        _tokens.Write(to, scope, now, token);
    }

    private bool IsTokenValid(in Reply reply, in Key160 key, ReadOnlySpan<byte> token, Instant now)
    {
        Span<byte> scope = stackalloc byte[21];
        key.Write(scope);
        scope[20] = reply.Local.Socket;
        if (!_tokens.IsValid(reply.To, scope, now, token))
        {
            Counters.BadToken++;
            return false;
        }

        // Only who received our answer at this address can know the token.
        _limiter.Prove(reply.To, now);
        return true;
    }

    private void AnswerAnnouncePeer(in Reply reply, in KrpcMessage query, Instant now)
    {
        if (!IsTokenValid(reply, query.Target, query.Token, now))
        {
            Refuse(reply, KrpcErrorCode.Protocol, "invalid token"u8, now);
            return;
        }

        // BEP 5: implied_port takes the port that the packet came from, whatever "port" says.
        UdpEndpoint peer = query.ImpliedPort ? reply.To : reply.To.WithPort((ushort)query.Port);
        PeerAdmission admission = Peers.Announce(query.Target, peer, query.IsSeed, now);
        if (admission is not (PeerAdmission.Added or PeerAdmission.Refreshed))
        {
            Counters.AnnouncesRefused++;
            Refuse(reply, KrpcErrorCode.Server, "too many peers"u8, now);
            return;
        }

        PeerNews.Add(new PeerChange(query.Target, peer, Expired: false));
        AnswerPing(reply, now);
    }

    private void AnswerSample(in Reply reply, in KrpcMessage query, Instant now)
    {
        if (!TryBegin(reply, out KrpcWriter writer))
        {
            return;
        }

        int room = reply.Room(_settings.Version.Length) - 60;
        Span<byte> samples = stackalloc byte[MaxSamples * 20];
        int count = Peers.CopySamples(samples[..(Math.Clamp(room / 20, 0, MaxSamples) * 20)], now);
        room -= count * 20;
        writer.Integer("8:interval"u8, (long)_settings.Peers.SampleInterval.TotalSeconds);
        WriteNodes(ref writer, reply, query, ref room);
        writer.Integer("3:num"u8, Peers.KeyCount);
        writer.Bytes("7:samples"u8, samples[..(count * 20)]);
        End(reply, ref writer, now);
    }

    /// <summary>get and put: checked here as far as bytes alone can tell, then handed to whoever awaits the store.</summary>
    private void AnswerItem(in Reply reply, in KrpcMessage query, int length, int allowance, Instant now)
    {
        bool isPut = query.Method == KrpcMethod.Put;
        Item? item = null;
        Key160 target = query.Target;
        if (isPut)
        {
            // The order of the checks is libtorrent's: size, salt, token, sequence; signature and store follow outside.
            if (query.Value.Length > ItemSignature.MaxValueLength)
            {
                Refuse(reply, KrpcErrorCode.ValueTooBig, "value too big"u8, now);
                return;
            }

            if (query.Salt.Length > ItemSignature.MaxSaltLength)
            {
                Refuse(reply, KrpcErrorCode.SaltTooBig, "salt too big"u8, now);
                return;
            }

            item = Item.FromAnswer(query, query.Salt.ToArray());
            if (item is null)
            {
                Refuse(reply, KrpcErrorCode.Protocol, "missing seq or sig"u8, now);
                return;
            }

            target = item.Target;
            if (!IsTokenValid(reply, target, query.Token, now))
            {
                Refuse(reply, KrpcErrorCode.Protocol, "invalid token"u8, now);
                return;
            }

            if (item.Sequence < 0)
            {
                Refuse(reply, KrpcErrorCode.Protocol, "negative seq"u8, now);
                return;
            }
        }

        InboundItem inbound = new(
            reply.To,
            reply.Local.Socket,
            reply.Transaction.ToArray(),
            target,
            item,
            !isPut && query.HasSequence ? query.Sequence : null,
            isPut && query.HasCas ? query.Cas : null,
            length,
            allowance,
            query.HasWant ? query.WantsIPv4 : reply.To.IsIPv4,
            query.HasWant ? query.WantsIPv6 : !reply.To.IsIPv4);
        if (!InboundItems.TryAdd(inbound))
        {
            Counters.InboxFull++;
            Refuse(reply, KrpcErrorCode.Server, "busy"u8, now);
        }
    }

    /// <summary>Answers a get whose store lookup has ended.</summary>
    internal void AnswerGet(InboundItem inbound, Item? stored, Instant now)
    {
        // BEP 44: with "seq" the value is only wanted when it is newer; token, nodes and seq come always.
        bool sendsValue = stored is not null && !(inbound.Sequence is long known && stored.IsMutable && stored.Sequence <= known);
        Reply reply = ReplyTo(inbound, MostForItem(inbound, sendsValue), now);
        int room = reply.Room(_settings.Version.Length) - 9 - TokenIssuer.Length;
        int valueLength = stored is null ? 0
            : (sendsValue ? 3 + stored.Value.Length : 0)
              + (stored.IsMutable ? 26 + (sendsValue ? 6 + 32 + 8 + 64 : 0) : 0);
        if (valueLength > room)
        {
            sendsValue = false;
            valueLength = stored is { IsMutable: true } ? 26 : 0;
            reply = ReplyTo(inbound, MostForItem(inbound, sendsValue), now);
            room = reply.Room(_settings.Version.Length) - 9 - TokenIssuer.Length;
        }

        room -= valueLength;
        if (!TryBegin(reply, out KrpcWriter writer))
        {
            return;
        }

        if (stored is { IsMutable: true } && sendsValue)
        {
            writer.Bytes("1:k"u8, stored.PublicKey.Span);
        }

        Span<NodeContact> nearest = stackalloc NodeContact[MaxNodes];
        if (inbound.WantsIPv4)
        {
            WriteNodes(ref writer, NodeOf(reply.Local, isIPv4: true), inbound.Target, isIPv4: true, nearest, ref room);
        }

        // A value over IPv6 leaves room for few nodes: none, then, of the wide kind.
        if (inbound.WantsIPv6 && !(sendsValue && !reply.To.IsIPv4))
        {
            WriteNodes(ref writer, NodeOf(reply.Local, isIPv4: false), inbound.Target, isIPv4: false, nearest, ref room);
        }

        if (stored is { IsMutable: true })
        {
            writer.Integer("3:seq"u8, stored.Sequence);
            if (sendsValue)
            {
                writer.Bytes("3:sig"u8, stored.Signature.Span);
            }
        }

        Span<byte> token = stackalloc byte[TokenIssuer.Length];
        WriteToken(reply.Local, reply.To, inbound.Target, now, token);
        writer.Bytes("5:token"u8, token);
        if (stored is not null && sendsValue)
        {
            writer.Raw("1:v"u8, stored.Value.Span);
        }

        End(reply, ref writer, now);
    }

    // With a value an answer may be longer than BEP 32's 1,024 bytes over IPv6: the value alone may have 1,000.
    private static int MostForItem(InboundItem inbound, bool sendsValue) => sendsValue
        ? Math.Min(MaxItemAnswer, (int)(inbound.Length * MaxAmplificationOfItem))
        : Math.Min(MaxAnswerIPv6, (int)(inbound.Length * MaxAmplificationOfNothing));

    /// <summary>Answers a put that is stored.</summary>
    internal void AnswerStored(InboundItem inbound, Instant now) => AnswerPing(ReplyTo(inbound, MaxAnswerIPv6, now), now);

    /// <summary>Answers a put that is not stored, with BEP 44's code.</summary>
    internal void AnswerRefused(InboundItem inbound, KrpcErrorCode code, ReadOnlySpan<byte> text, Instant now) =>
        Refuse(ReplyTo(inbound, MaxAnswerIPv6, now), code, text, now);

    // Many may have waited for the store together: what one of them may cost is known only now.
    private Reply ReplyTo(InboundItem inbound, int most, Instant now)
    {
        int allowance = Math.Min(inbound.Allowance, _limiter.AllowanceNow(inbound.From, now));
        return new(_locals[inbound.Socket], inbound.From, inbound.Transaction, Math.Min(Math.Max(allowance, 0), most), allowance < LeanAllowance);
    }
}
