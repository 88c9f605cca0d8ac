using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Core;

/// <summary>How a node comes to know the size of the network, on which rests what it holds for suspect.</summary>
public sealed class MeasuringTests
{
    private static readonly DateTimeOffset s_today = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly KadProtocol _protocol = new(Swarm.SettingsOf(0), new Random(1));
    private Instant _now = new(TimeSpan.TicksPerDay);

    [Fact]
    public void A_node_that_has_joined_looks_for_itself_again_after_one_two_four_and_eight_minutes_then_every_ten()
    {
        Know(10);
        Drain(_ => true);
        List<int> minutes = [];
        for (int minute = 1; minute <= 40; minute++)
        {
            _now += TimeSpan.FromMinutes(1);
            _protocol.Elapse(_now);
            if (Drain(_ => true).Any(request => request.Query is { IsUpkeep: true } query && query.Target.Span.SequenceEqual(Peers.Id(0).Bytes.Span)))
            {
                minutes.Add(minute);
            }
        }

        minutes.ShouldBe([1, 3, 7, 15, 25, 35]);
    }

    [Fact]
    public void While_no_size_is_known_a_key_that_somebody_chose_says_nothing_of_it()
    {
        Know(30);
        KadQuery chosen = new(Swarm.SettingsOf(0), KadQueryKind.ClosestPeers, Peers.Content(1).Multihash);
        Drain(request => request.Query is null);
        _protocol.Start(chosen, _now);
        Drain(request => request.Query == chosen);

        chosen.Closest.Count.ShouldBe(20);
        _protocol.NetworkSize.ShouldBe(0);
    }

    [Fact]
    public void A_node_whose_size_no_longer_fits_looks_up_other_keys_at_once()
    {
        Swarm swarm = new(200, seed: 6);
        swarm.Measure(5);
        Search(swarm, 0, 2).ShouldBeEmpty();
        for (int i = 0; i < 200; i++)
        {
            if (i % 2 == 0)
            {
                swarm.Kill(i);
            }
        }

        Search(swarm, 2, 8).Count.ShouldBeGreaterThanOrEqualTo(5);
        swarm[5].NetworkSize.ShouldBeInRange(70, 130);
    }

    /// <summary>Searches so many contents, and returns what was looked up besides.</summary>
    private static HashSet<string> Search(Swarm swarm, int first, int count)
    {
        HashSet<string> besides = [];
        for (int i = first; i < first + count; i++)
        {
            swarm[5].Start(new KadQuery(Swarm.SettingsOf(5), KadQueryKind.ClosestPeers, Peers.Content(i).Multihash), swarm.Now);
            swarm.Run(5, request =>
            {
                if (request.Query is { IsUpkeep: true } upkeep)
                {
                    besides.Add(Convert.ToHexString(upkeep.Target.Span));
                }
            });
        }

        return besides;
    }

    private void Know(int peers)
    {
        for (int i = 1; i <= peers; i++)
        {
            _protocol.Identified(Peers.Id(i), [Peers.Address(i)], serves: true, _now);
        }
    }

    /// <summary>Takes all requests and answers some; the others stay open.</summary>
    private List<KadRequest> Drain(Func<KadRequest, bool> isAnswered)
    {
        List<KadRequest> requests = [];
        while (_protocol.TryTakeRequest(_now, out KadRequest? request) && request is not null)
        {
            requests.Add(request);
            if (isAnswered(request))
            {
                _protocol.OnAnswer(request, new KadMessage { Type = request.Message.Type }, s_today, _now);
            }
        }

        return requests;
    }
}
