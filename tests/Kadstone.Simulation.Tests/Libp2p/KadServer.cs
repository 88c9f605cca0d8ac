using System.Net;
using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;
using Kadstone.Libp2p;
using Kadstone.Libp2p.Core;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>A kad-dht server on real sessions: each request on a stream of its own, over one connection with each peer, which is dialed where there is none.</summary>
internal sealed class KadServer
{
    internal const string Protocol = "/ipfs/kad/1.0.0";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly SimulatedNetwork _network;
    private readonly IReadOnlyDictionary<IPAddress, KadServer> _directory;
    private readonly Dictionary<PeerId, Speaker> _open = [];
    private readonly Dictionary<PeerId, List<Action<Speaker?>>> _dialing = [];
    private readonly List<(KadQuery Query, Action<QueryEvent> Happened, Action Ended)> _queries = [];
    private Instant _wakeAt = Instant.Never;

    /// <param name="network">Where it lives.</param>
    /// <param name="directory">Who lives at an address.</param>
    internal KadServer(SimulatedNetwork network, Dictionary<IPAddress, KadServer> directory)
    {
        _network = network;
        _directory = directory;
        Talker = new Talker(network);
        directory[Talker.Host.Address.ToIPAddress()] = this;
        Settings = new KadSettings { Self = Talker.Id, Policy = AddressPolicy.Public, Rules = new RecordRules([]) };
        Core = new KadProtocol(Settings, network.CreateChance());
        Core.Reside([Talker.Address]);
        Talker.Serve(Protocol, Answer);
        Talker.Accepted = speaker => speaker.Opened = Met;
    }

    internal Talker Talker { get; }

    internal KadSettings Settings { get; }

    internal KadProtocol Core { get; }

    internal PeerInfo Info => new(Talker.Id, [Talker.Address]);

    /// <summary>Requests that were answered, and that came to nothing.</summary>
    internal (int Answered, int Failed) Asked { get; private set; }

    internal void Join(PeerInfo bootstrap)
    {
        Core.AddBootstrap(bootstrap);
        Start(new KadQuery(Settings, KadQueryKind.ClosestPeers, Talker.Id.Bytes), _ => { }, () => { });
    }

    internal void Start(KadQuery query, Action<QueryEvent> happened, Action ended)
    {
        _queries.Add((query, happened, ended));
        Run((core, now) => core.Start(query, now));
    }

    internal void Run(Action<KadProtocol, Instant> action)
    {
        action(Core, _network.Now);
        Pump();
    }

    private void Pump()
    {
        Instant now = _network.Now;
        bool hasRead;
        do
        {
            while (Core.TryTakeRequest(now, out KadRequest? request) && request is not null)
            {
                Ask(request);
            }

            hasRead = Read();
        }
        while (hasRead);

        Instant next = Core.NextDeadline;
        if (next < _wakeAt && next != Instant.Never)
        {
            _wakeAt = next;
            TimeSpan wait = next - now;
            _network.Schedule(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), () =>
            {
                _wakeAt = Instant.Never;
                Run((core, then) => core.Elapse(then));
            });
        }
    }

    private bool Read()
    {
        bool hasRead = false;
        for (int i = _queries.Count - 1; i >= 0; i--)
        {
            (KadQuery query, Action<QueryEvent> happened, Action ended) = _queries[i];
            while (query.TryTakeEvent(out QueryEvent? one) && one is not null)
            {
                happened(one);
                hasRead = true;
            }

            if (query.IsDone)
            {
                _queries.RemoveAt(i);
                Core.Leave(query);
                _network.Schedule(TimeSpan.Zero, ended);
            }
            else if (!query.IsAwaited)
            {
                query.IsAwaited = true;
                hasRead = true;
            }
        }

        return hasRead;
    }

    private void Ask(KadRequest request)
    {
        bool isOver = false;
        byte[] message = Talker.Framed(request.Message.Encode());
        _network.Schedule(s_patience, () => End(null));
        Reach(request.Contact, speaker =>
        {
            if (speaker is null)
            {
                End(null);
                return;
            }

            Talker.Open(speaker, Protocol, stream =>
            {
                int written = 0;
                return () =>
                {
                    written += stream.IsReset ? 0 : stream.Write(message.AsSpan(written));
                    if (!request.IsAnswered && written == message.Length)
                    {
                        stream.Leave(_network.Elapsed);
                        End(request.Message);
                        return true;
                    }

                    byte[]? answer = null;
                    if (!stream.IsReset && !Talker.TryReadMessage(stream, out answer))
                    {
                        return false;
                    }

                    stream.Leave(_network.Elapsed);
                    End(answer is null ? null : KadMessage.TryRead(answer));
                    return true;
                };
            });
        });

        void End(KadMessage? answer)
        {
            if (isOver)
            {
                return;
            }

            isOver = true;
            bool isAnswer = answer?.Type == request.Message.Type;
            Asked = isAnswer ? (Asked.Answered + 1, Asked.Failed) : (Asked.Answered, Asked.Failed + 1);
            Run((core, now) =>
            {
                if (answer is not null && isAnswer)
                {
                    core.OnAnswer(request, answer, _network.UtcNow, now);
                }
                else
                {
                    core.OnFailure(request, "no answer", countsAgainst: true, now);
                }
            });
        }
    }

    // The connection that there is, or a dial that all who wait for it share.
    private void Reach(PeerContact contact, Action<Speaker?> reached)
    {
        if (_open.TryGetValue(contact.Id, out Speaker? open) && open.Connection.Phase == ConnectionPhase.Open)
        {
            reached(open);
        }
        else if (_dialing.TryGetValue(contact.Id, out List<Action<Speaker?>>? waiting))
        {
            waiting.Add(reached);
        }
        else if (contact.Addresses.Select(address => address.TryGetTcpEndpoint(out IPEndPoint? endpoint) ? _directory.GetValueOrDefault(endpoint.Address) : null).FirstOrDefault(there => there is not null) is KadServer there)
        {
            _dialing[contact.Id] = [reached];
            Talker.Dial(there.Talker, contact.Id, begun: speaker => speaker.Opened = Met);
            _network.Schedule(s_patience, () => Tell(contact.Id, null));
        }
        else
        {
            reached(null);
        }
    }

    private void Met(Speaker speaker)
    {
        if (speaker.Connection.RemoteKey?.PeerId is not PeerId peer)
        {
            return;
        }

        _open[peer] = speaker;
        Tell(peer, speaker);
        Talker.Identify(speaker, message =>
        {
            if (message?.Key?.PeerId == peer)
            {
                Run((core, now) => core.Identified(peer, [.. message.Addresses ?? []], message.Protocols?.Contains(Protocol) == true, now));
            }
        });
    }

    private void Tell(PeerId peer, Speaker? speaker)
    {
        if (_dialing.Remove(peer, out List<Action<Speaker?>>? waiting))
        {
            waiting.ForEach(reached => reached(speaker));
        }
    }

    private Action Answer(Speaker speaker, ProtocolStream stream)
    {
        byte[] answer = [];
        int written = 0;
        return () =>
        {
            while (!stream.IsReset && written == answer.Length && Talker.TryReadMessage(stream, out byte[]? bytes))
            {
                if (bytes is null)
                {
                    stream.CloseWrite();
                    return;
                }

                KadMessage? reply = null;
                KadVerdict verdict = KadMessage.TryRead(bytes) is KadMessage request && speaker.Connection.RemoteKey?.PeerId is PeerId from
                    ? Core.Answer(from, request, _network.Now, out reply)
                    : KadVerdict.Refused;
                if (verdict == KadVerdict.Refused)
                {
                    stream.Reset();
                    return;
                }

                answer = reply is null ? [] : Talker.Framed(reply.Encode());
                written = answer.Length == 0 ? 0 : stream.Write(answer);
            }

            if (!stream.IsReset && written < answer.Length)
            {
                written += stream.Write(answer.AsSpan(written));
            }
        };
    }
}
