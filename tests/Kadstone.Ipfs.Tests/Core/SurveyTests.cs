using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

public sealed class SurveyTests
{
    private const int Nodes = 1000;

    private static readonly Instant s_now = new(TimeSpan.TicksPerDay);
    private static readonly ReadOnlyMemory<byte> s_content = Peers.Content(1).Multihash;
    private static readonly Key256 s_key = PeerContact.KeyOf(s_content.Span);

    // Of 20,000 peers the twenty nearest are twenty times as near as those of a thousand.
    private static readonly PeerContact[] s_crowd = Drawn(20_000, group: index => index);
    private static readonly PeerContact[] s_honest = Drawn(Nodes, group: index => index);

    [Fact]
    public void Twenty_far_nearer_than_chance_has_it_are_suspect_and_the_region_is_looked_up()
    {
        KadQuery query = Asked(KadQueryKind.Provide, s_crowd[..20]);

        query.IsSuspect.ShouldBeTrue();
        query.Phase.ShouldBe(KadQueryPhase.Surveying);
        Surveys(query).ShouldBe([5, 6, 7]);
    }

    [Fact]
    public void The_closest_of_an_honest_network_are_not()
    {
        KadQuery query = Asked(KadQueryKind.Provide, s_honest[..20]);

        query.IsSuspect.ShouldBeFalse();
        query.Phase.ShouldBe(KadQueryPhase.Committing);
        Surveys(query).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(59)]
    public void Nothing_is_suspect_while_the_size_of_the_network_is_not_known_or_it_is_small(int nodes) =>
        Asked(KadQueryKind.Provide, s_crowd[..20], nodes).Phase.ShouldBe(KadQueryPhase.Committing);

    [Fact]
    public void All_of_the_region_are_told_and_none_from_outside()
    {
        KadQuery query = Asked(KadQueryKind.Provide, s_crowd[..20]);
        PeerContact[] inside = [.. s_honest.Where(contact => (contact.Key ^ s_key).LeadingZeroCount >= 5)];
        Surveys(query);
        query.OnSurveyed(inside, s_now);
        query.OnSurveyed([s_honest[^1]], s_now);
        query.Phase.ShouldBe(KadQueryPhase.Surveying);
        query.OnSurveyed([], s_now);

        query.Phase.ShouldBe(KadQueryPhase.Committing);
        KadRequest[] told = [.. Requests(query)];
        told.ShouldAllBe(request => request.IsCommit);
        PeerId[] ids = [.. told.Select(request => request.Contact.Id)];
        inside.ShouldAllBe(contact => ids.Contains(contact.Id));
        ids.Except(inside.Select(contact => contact.Id)).ShouldBeSubsetOf(s_crowd[..20].Select(contact => contact.Id));
        ids.ShouldBeUnique();
    }

    [Fact]
    public void A_search_asks_all_of_the_region_before_it_ends()
    {
        KadQuery query = Asked(KadQueryKind.FindProviders, s_crowd[..20]);
        PeerContact[] inside = [.. s_honest.Where(contact => (contact.Key ^ s_key).LeadingZeroCount >= 5).Take(8)];
        Surveys(query);
        query.OnSurveyed(inside, s_now);
        query.OnSurveyed([], s_now);
        query.OnSurveyed([], s_now);

        KadRequest[] asked = [.. Requests(query)];
        asked.Select(request => request.Contact.Id).ShouldBe(inside.Select(contact => contact.Id), ignoreOrder: true);
        asked.ShouldAllBe(request => request.Message.Type == KadMessageType.GetProviders);
        foreach (KadRequest request in asked)
        {
            query.Phase.ShouldBe(KadQueryPhase.Surveying);
            query.OnAnswer(request, new KadMessage { Type = KadMessageType.GetProviders, Key = s_content }, [], default, s_now);
        }

        query.Phase.ShouldBe(KadQueryPhase.Finished);
    }

    [Fact]
    public void Of_one_network_two_count_among_the_twenty_that_are_told_though_all_of_the_nearest_are_told_too()
    {
        PeerContact[] oneNetwork = Drawn(40_000, group: _ => 5_000)[..20];
        KadQuery query = Asked(KadQueryKind.Provide, [.. oneNetwork, .. s_honest[..30]], nodes: 0);

        KadRequest[] told = [.. Requests(query)];
        told.Select(request => request.Contact.Id).ShouldBe(oneNetwork.Concat(s_honest[..18]).Select(contact => contact.Id), ignoreOrder: true);
    }

    [Theory]
    [InlineData("3.0.1.1", "3.1.1.1", false)]
    [InlineData("52.7.1.1", "52.7.200.9", true)]
    [InlineData("38.1.1.1", "38.200.1.1", true)]
    [InlineData("130.1.1.1", "130.2.1.1", false)]
    public void A_network_is_a_16_but_for_the_8s_that_one_owner_holds(string one, string other, bool isSame) =>
        (PeerContact.From(Peers.Id(1), [At(one)]).Prefix == PeerContact.From(Peers.Id(2), [At(other)]).Prefix).ShouldBe(isSame);

    [Fact]
    public void A_query_asks_one_host_eight_times_whoever_is_said_to_live_there()
    {
        KadQuery query = new(Settings(), KadQueryKind.FindProviders, s_content);
        query.Begin([.. s_honest[..20].Select(contact => PeerContact.From(contact.Id, [At("52.1.1.1")]))], s_now);

        List<KadRequest> asked = [];
        while (query.TryTakeRequest(s_now) is KadRequest request)
        {
            asked.Add(request);
            query.OnFailure(request, "nobody there", s_now);
        }

        asked.Count.ShouldBe(8);
        query.Phase.ShouldBe(KadQueryPhase.Finished);
    }

    private static KadQuery Asked(KadQueryKind kind, PeerContact[] peers, int nodes = Nodes)
    {
        KadQuery query = new(Settings(), kind, s_content)
        {
            NetworkNodes = nodes,
            ProviderMessage = kind == KadQueryKind.Provide ? new KadMessage { Type = KadMessageType.AddProvider, Key = s_content } : null,
        };
        query.Begin(peers, s_now);
        while (query.Phase is KadQueryPhase.Looking or KadQueryPhase.FollowingUp && query.TryTakeRequest(s_now) is KadRequest request)
        {
            query.OnAnswer(request, new KadMessage { Type = request.Message.Type, Key = s_content }, [], default, s_now);
            Read(query);
        }

        return query;
    }

    private static void Read(KadQuery query)
    {
        while (query.TryTakeEvent(out _))
        {
        }

        query.IsAwaited = true;
    }

    private static List<int> Surveys(KadQuery query)
    {
        List<int> buckets = [];
        while (query.TryTakeSurvey(out int bucket))
        {
            buckets.Add(bucket);
        }

        return buckets;
    }

    private static IEnumerable<KadRequest> Requests(KadQuery query)
    {
        Read(query);
        while (query.TryTakeRequest(s_now) is KadRequest request)
        {
            if (request.IsCommit)
            {
                query.OnAnswer(request, request.Message, [], default, s_now);
                Read(query);
            }

            yield return request;
        }
    }

    private static KadSettings Settings() => new() { Self = Peers.Id(9), Policy = AddressPolicy.Public, Rules = new RecordRules([]) };

    private static Multiaddr At(string host) => Multiaddr.Parse($"/ip4/{host}/tcp/4001");

    private static PeerContact[] Drawn(int count, Func<int, int> group)
    {
        byte[] bytes = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20, .. new byte[32]];
        Random chance = new(count);
        PeerContact[] drawn = new PeerContact[count];
        for (int i = 0; i < count; i++)
        {
            chance.NextBytes(bytes.AsSpan(6));
            PeerId.TryRead(bytes, out PeerId? id).ShouldBeTrue();
            drawn[i] = PeerContact.From(id, [At($"{130 + (group(i) / 256 % 60)}.{group(i) % 256}.{i / 256 % 256}.{i % 256}")]);
        }

        return [.. drawn.OrderBy(contact => contact.Key ^ s_key)];
    }
}
