using System.Net;
using Kadstone.Ipfs;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Libp2p;
using Kadstone.Libp2p.Core;

namespace Kadstone.Simulation.Tests.Libp2p;

/// <summary>Small networks of real sessions, and the DHT on top of them.</summary>
public sealed class NetworkTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Everybody_meets_everybody_and_pings(int seed) => Meetings(seed, judge: true);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void What_one_provides_others_find_over_their_sessions(int seed) => Providers(seed, judge: true);

    [Fact]
    public void The_same_seed_leaves_the_same_trace()
    {
        ulong one = Replay.Twice(3, seed => Meetings(seed, judge: false)).TraceHash;
        Replay.Twice(4, seed => Meetings(seed, judge: false)).TraceHash.ShouldNotBe(one);
        Replay.Twice(5, seed => Providers(seed, judge: false));
    }

    private static SimulatedNetwork Meetings(int seed, bool judge)
    {
        const int Peers = 12;
        SimulatedNetwork network = new(seed, LinkOptions.Healthy with { Loss = 0.05 });
        Talker[] talkers = [.. Enumerable.Range(0, Peers).Select(i => new Talker(network, earlyMuxer: i % 2 == 0))];
        int identified = 0;
        List<TimeSpan?> pings = [];
        List<TimeSpan?> late = [];
        List<(Talker Dialer, Speaker Speaker)> open = [];
        for (int i = 0; i < Peers; i++)
        {
            for (int k = 0; k < i; k++)
            {
                (Talker dialer, Talker listener) = network.Chance.Next(2) == 0 ? (talkers[i], talkers[k]) : (talkers[k], talkers[i]);
                network.Schedule(TimeSpan.FromSeconds(10) * network.Chance.NextDouble(), () => dialer.Dial(listener, begun: speaker => speaker.Opened = _ =>
                {
                    dialer.Identify(speaker, message => identified += message?.Key?.PeerId == listener.Id ? 1 : 0);
                    dialer.Ping(speaker, pings.Add);
                    open.Add((dialer, speaker));
                }));
            }
        }

        network.RunFor(TimeSpan.FromSeconds(20));

        // For some seconds one half hears nothing of the other; what was said meanwhile is heard then.
        network.Partition(host => host.Index % 2);
        open.ForEach(end => end.Dialer.Ping(end.Speaker, late.Add));
        network.RunFor(TimeSpan.FromSeconds(8));
        int heardWhileApart = late.Count;
        network.Heal();
        network.RunFor(TimeSpan.FromMinutes(2));
        if (judge)
        {
            const int Pairs = Peers * (Peers - 1) / 2;
            Speaker[] ends = [.. talkers.SelectMany(talker => talker.Speakers)];
            int living = ends.Count(end => end.Connection.Phase == ConnectionPhase.Open);
            TestContext.Current.TestOutputHelper?.WriteLine($"{living} of {ends.Length} ends open, {identified} of {Pairs} identified, slowest ping {pings.Max()?.TotalMilliseconds:F0} ms; while apart {heardWhileApart} of {late.Count} pings ({network.Describe()})");
            (ends.Length, living, identified).ShouldBe((2 * Pairs, 2 * Pairs, Pairs));
            heardWhileApart.ShouldBe(Peers / 2 * ((Peers / 2) - 1), "those on one side");
            late.Count.ShouldBe(Pairs);
            late.ShouldAllBe(ping => ping != null);
            pings.Count.ShouldBe(Pairs);
            pings.ShouldAllBe(ping => ping != null);
            ends.ShouldAllBe(end => end.Connection.StreamCount == 0);
        }

        return network;
    }

    private static SimulatedNetwork Providers(int seed, bool judge)
    {
        const int Servers = 20;
        SimulatedNetwork network = new(seed, LinkOptions.Healthy with { Loss = 0.02 });
        Dictionary<IPAddress, KadServer> directory = [];
        List<KadServer> servers = [];
        for (int i = 0; i < Servers; i++)
        {
            KadServer server = new(network, directory);
            if (servers.Count > 0)
            {
                server.Join(servers[network.Chance.Next(servers.Count)].Info);
            }

            servers.Add(server);
            network.RunFor(TimeSpan.FromSeconds(5));
        }

        network.RunFor(TimeSpan.FromMinutes(1));
        int found = 0;
        const int Contents = 10;
        for (int i = 0; i < Contents; i++)
        {
            byte[] content = [0x12, 0x20, .. new byte[32]];
            network.Chance.NextBytes(content.AsSpan(2));
            KadServer provider = servers[i];
            KadServer seeker = servers[Servers - 1 - i];
            KadMessage told = new() { Type = KadMessageType.AddProvider, Key = content, Providers = [new KadPeer(provider.Talker.Id, [provider.Talker.Address])] };
            KadQuery provide = new(provider.Settings, KadQueryKind.Provide, content) { ProviderMessage = told };
            KadQuery seek = new(seeker.Settings, KadQueryKind.FindProviders, content);
            bool isFound = false;
            provider.Start(provide, _ => { }, () => seeker.Start(
                seek,
                happened => isFound |= happened.Type == QueryEventType.Provider && happened.Responses.Any(peer => peer.Id == provider.Talker.Id),
                () => found += isFound ? 1 : 0));
        }

        network.RunFor(TimeSpan.FromMinutes(1));
        if (judge)
        {
            (int answered, int failed) = (servers.Sum(server => server.Asked.Answered), servers.Sum(server => server.Asked.Failed));
            TestContext.Current.TestOutputHelper?.WriteLine($"{found} of {Contents} found, {answered} requests answered, {failed} not ({network.Describe()})");
            found.ShouldBe(Contents);
            servers.ShouldAllBe(server => server.Core.Contacts == Servers - 1);
            failed.ShouldBe(0);
        }

        return network;
    }
}
