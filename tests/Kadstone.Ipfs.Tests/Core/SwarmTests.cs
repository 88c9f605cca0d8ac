using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class SwarmTests
{
    private const int Count = 200;

    [Fact]
    public void A_search_in_a_network_of_two_hundred_finds_nearly_all_of_the_true_twenty_with_few_requests()
    {
        Swarm swarm = new(Count, seed: 1);
        int found = 0;
        int before = swarm.Sent;
        for (int i = 0; i < 20; i++)
        {
            KadQuery query = Search(swarm, i, Peers.Content(i).Multihash);
            PeerId[] nearest = [.. Nearest(Peers.Content(i).Multihash, except: i)];
            found += query.Closest.Count(contact => nearest.Contains(contact.Id));
        }

        found.ShouldBeGreaterThanOrEqualTo(395);
        (swarm.Sent - before).ShouldBeLessThanOrEqualTo(20 * 40);
    }

    [Fact]
    public void A_tenth_of_the_peers_may_die_and_the_closest_of_the_living_are_found()
    {
        Swarm swarm = new(Count, seed: 2);
        for (int i = 0; i < Count; i += 10)
        {
            swarm.Kill(i);
        }

        KadQuery query = Search(swarm, 1, Peers.Content(1).Multihash);

        PeerId[] nearest = [.. Nearest(Peers.Content(1).Multihash, except: 1, isAlive: i => i % 10 != 0)];
        query.Closest.Count.ShouldBe(20);
        query.Closest.Count(contact => nearest.Contains(contact.Id)).ShouldBeGreaterThanOrEqualTo(19);
    }

    [Fact]
    public void The_size_of_the_network_is_estimated_from_what_searches_find()
    {
        Swarm swarm = new(Count, seed: 3);
        swarm.Measure(5);
        for (int i = 0; i < 20; i++)
        {
            Search(swarm, 5, Peers.Content(i).Multihash);
        }

        swarm[5].NetworkSize.ShouldBeInRange(Count * 0.75, Count * 1.25);
    }

    [Fact]
    public void An_optimistic_provide_tells_near_peers_while_it_still_searches_and_is_done_at_fifteen()
    {
        Swarm swarm = new(Count, seed: 4);
        swarm.Measure(5);
        for (int i = 0; i < 20; i++)
        {
            Search(swarm, 5, Peers.Content(i).Multihash);
        }

        ReadOnlyMemory<byte> content = Peers.Content(777).Multihash;
        KadQuery query = new(Swarm.SettingsOf(5), KadQueryKind.Provide, content)
        {
            ProviderMessage = new KadMessage { Type = KadMessageType.AddProvider, Key = content, Providers = [new KadPeer(Peers.Id(5), [Peers.Address(5)])] },
            TellWithin = 1,
            IsAwaited = true,
        };
        swarm[5].Start(query, swarm.Now);
        int toldWhileLooking = 0;
        int toldWhenDone = 0;
        Read(query);
        swarm.Run(5, request =>
        {
            toldWhileLooking += request.IsCommit && !query.IsSearchOver ? 1 : 0;
            toldWhenDone = toldWhenDone == 0 && query.IsDone ? query.Told : toldWhenDone;
            Read(query);
        });

        toldWhileLooking.ShouldBePositive();
        toldWhenDone.ShouldBe(15);
        PeerId[] nearest = [.. Nearest(content, except: 5)];
        Enumerable.Range(0, Count).Count(i => i != 5 && swarm[i].ProviderCount == 1 && nearest.Contains(Peers.Id(i))).ShouldBeGreaterThanOrEqualTo(18);
    }

    [Fact]
    public void A_provider_record_lives_two_days_unless_it_is_told_again()
    {
        Swarm swarm = new(50, seed: 5);
        ReadOnlyMemory<byte> content = Peers.Content(1).Multihash;
        Provide(swarm, 3, content);
        Providers(swarm, 40, content).ShouldBe([Peers.Id(3)]);

        swarm.Advance(TimeSpan.FromHours(22));
        Provide(swarm, 3, content);
        swarm.Advance(TimeSpan.FromHours(47));
        Providers(swarm, 40, content).ShouldBe([Peers.Id(3)]);
        swarm.Advance(TimeSpan.FromHours(1.1));
        Providers(swarm, 40, content).ShouldBeEmpty();
    }

    private static KadQuery Search(Swarm swarm, int node, ReadOnlyMemory<byte> target)
    {
        KadQuery query = new(Swarm.SettingsOf(node), KadQueryKind.ClosestPeers, target);
        swarm[node].Start(query, swarm.Now);
        Read(query);
        swarm.Run(node, _ => Read(query));
        query.Phase.ShouldBe(KadQueryPhase.Finished);
        return query;
    }

    private static void Provide(Swarm swarm, int node, ReadOnlyMemory<byte> content)
    {
        KadMessage message = new() { Type = KadMessageType.AddProvider, Key = content, Providers = [new KadPeer(Peers.Id(node), [Peers.Address(node)])] };
        KadQuery query = new(Swarm.SettingsOf(node), KadQueryKind.Provide, content) { ProviderMessage = message, IsAwaited = true };
        swarm[node].Start(query, swarm.Now);
        swarm.Run(node, _ => Read(query));
        query.Told.ShouldBe(20);
    }

    private static PeerId[] Providers(Swarm swarm, int node, ReadOnlyMemory<byte> content)
    {
        List<PeerId> found = [];
        KadQuery query = new(Swarm.SettingsOf(node), KadQueryKind.FindProviders, content);
        swarm[node].Start(query, swarm.Now);
        swarm.Run(node, _ => Read(query, found));
        Read(query, found);
        return [.. found];
    }

    private static void Read(KadQuery query, List<PeerId>? providers = null)
    {
        while (query.TryTakeEvent(out QueryEvent? happened) && happened is not null)
        {
            if (happened.Type == QueryEventType.Provider)
            {
                providers?.Add(happened.Responses[0].Id);
            }
        }
    }

    internal static IEnumerable<PeerId> Nearest(ReadOnlyMemory<byte> target, int except, Func<int, bool>? isAlive = null)
    {
        Key256 key = PeerContact.KeyOf(target.Span);
        return Enumerable.Range(0, Count).Where(i => i != except && (isAlive?.Invoke(i) ?? true)).Select(Peers.Id).OrderBy(id => PeerKeys.KeyOf(id) ^ key).Take(20);
    }
}
