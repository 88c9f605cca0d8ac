using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

/// <summary>Kad nodes that hand each other their messages at once, encoded as on the wire.</summary>
internal sealed class Swarm
{
    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<PeerId, KadProtocol> _nodes = [];
    private readonly HashSet<PeerId> _dead = [];

    public Swarm(int count, int seed)
    {
        Random chance = new(seed);
        for (int i = 0; i < count; i++)
        {
            KadProtocol node = new(SettingsOf(i), new Random(seed + i));
            node.Reside([Peers.Address(i)]);
            _nodes.Add(Peers.Id(i), node);
        }

        PeerId[] ids = [.. _nodes.Keys];
        for (int i = 0; i < count; i++)
        {
            foreach (int other in Enumerable.Range(0, 40).Select(_ => chance.Next(count)).Where(other => other != i))
            {
                _nodes[ids[i]].Identified(ids[other], [Peers.Address(other)], serves: true, Now);
            }

            Run(i);
        }
    }

    public Instant Now { get; private set; } = new(TimeSpan.TicksPerDay);

    /// <summary>How many requests were sent so far.</summary>
    public int Sent { get; private set; }

    public KadProtocol this[int index] => _nodes[Peers.Id(index)];

    public static KadSettings SettingsOf(int index) => new() { Self = Peers.Id(index), Policy = AddressPolicy.Any, Rules = new RecordRules([]) };

    public void Kill(int index) => _dead.Add(Peers.Id(index));

    public void Advance(TimeSpan span)
    {
        Now += span;
        foreach (KadProtocol node in _nodes.Values)
        {
            node.Elapse(Now);
        }
    }

    /// <summary>Lets a node look for itself again, now that all have joined: only now it finds twenty, and then other keys that tell it the size.</summary>
    public void Measure(int index)
    {
        Advance(TimeSpan.FromMinutes(1));
        Run(index);
    }

    /// <summary>Lets a node do all that it wants to; <paramref name="afterEach"/> is called after each of its requests.</summary>
    public void Run(int index, Action<KadRequest>? afterEach = null)
    {
        PeerId id = Peers.Id(index);
        KadProtocol node = _nodes[id];
        while (node.TryTakeRequest(Now, out KadRequest? request) && request is not null)
        {
            Sent++;
            PeerId to = request.Contact.Id;
            KadMessage asked = KadMessage.TryRead(request.Message.Encode()).ShouldNotBeNull();
            if (_dead.Contains(to) || !_nodes.TryGetValue(to, out KadProtocol? target))
            {
                node.OnFailure(request, "dead", countsAgainst: true, Now);
            }
            else if (target.Answer(id, asked, Now, out KadMessage? answer) is KadVerdict.Refused)
            {
                node.OnFailure(request, "refused", countsAgainst: true, Now);
            }
            else
            {
                KadMessage heard = answer is null ? request.Message : KadMessage.TryRead(answer.Encode()).ShouldNotBeNull();
                node.OnAnswer(request, heard, s_today, Now);
            }

            afterEach?.Invoke(request);
        }
    }
}
