using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>Announcing, finding, taking back: several nodes of this process.</summary>
public sealed class HyperDhtAnnounceTests
{
    private static readonly Key256 s_topic = new(77, 88);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_announcers_find_each_other_at_the_ports_that_nodes_see_and_neither_itself()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(8);
        HyperDht first = net[3];
        HyperDht second = net[5];
        (await first.AnnounceAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBeEmpty("nobody was there");
        IReadOnlyList<PeersFound> met = await second.AnnounceAllAsync(s_topic, cancellationToken: Cancelled);
        Addresses(met).ShouldBe([first.Node.LocalEndpoint]);

        Addresses(await first.LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBe([second.Node.LocalEndpoint]);
        IReadOnlyList<PeersFound> seen = await net[7].LookupAllAsync(s_topic, cancellationToken: Cancelled);
        Addresses(seen).ShouldBe([first.Node.LocalEndpoint, second.Node.LocalEndpoint], ignoreOrder: true);
        HyperRecord[] records = [.. seen.SelectMany(found => found.Records).DistinctBy(record => Convert.ToHexString(record.PublicKey.Span))];
        records.Select(record => Convert.ToHexString(record.PublicKey.Span)).ShouldBe([Convert.ToHexString(first.PublicKey.Span), Convert.ToHexString(second.PublicKey.Span)], ignoreOrder: true);
        seen.ShouldAllBe(found => found.LocalPeers.Count == 0 && found.Peers.Count == found.Records.Count);
        seen.Select(found => found.Node).Distinct().Count().ShouldBe(seen.Count, "each node answers once");
    }

    [Fact]
    public async Task The_outcome_tells_how_many_stored_and_a_lookup_stores_nothing()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        RpcCommit commit = await net[2].AnnounceOnceAsync(s_topic, cancellationToken: Cancelled);
        (commit.Closest.Count, commit.Stored, commit.Refused, commit.Silent).ShouldBe((5, 5, 0, 0));
        Key256 other = new(5, 6);
        await net[1].LookupAllAsync(other, cancellationToken: Cancelled);
        await net[1].LookupAllAsync(s_topic, cancellationToken: Cancelled);
        net.Nodes.Sum(node => node.Commands.Topics.RecordCount).ShouldBe(5);
    }

    [Fact]
    public async Task The_first_peer_comes_before_the_announce_is_stored()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        await net[1].AnnounceOnceAsync(s_topic, cancellationToken: Cancelled);
        int before = net.Nodes.Sum(node => node.Commands.Topics.RecordCount);
        await foreach (PeersFound found in net[2].AnnounceAsync(s_topic, cancellationToken: Cancelled))
        {
            found.Peers.ShouldBe([net[1].Node.LocalEndpoint]);
            net.Nodes.Sum(node => node.Commands.Topics.RecordCount).ShouldBe(before);
            break;
        }

        net.Nodes.Sum(node => node.Commands.Topics.RecordCount).ShouldBe(before, "who leaves the loop is not announced");
    }

    [Fact]
    public async Task The_lists_are_what_the_streams_give()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        await net[1].AnnounceOnceAsync(s_topic, cancellationToken: Cancelled);
        List<PeersFound> streamed = [];
        await foreach (PeersFound found in net[2].LookupAsync(s_topic, cancellationToken: Cancelled))
        {
            streamed.Add(found);
        }

        streamed.ShouldNotBeEmpty();
        IReadOnlyList<PeersFound> listed = await net[2].LookupAllAsync(s_topic, cancellationToken: Cancelled);
        listed.Select(Describe).ShouldBe(streamed.Select(Describe), ignoreOrder: true);
        listed = await net[2].AnnounceAllAsync(s_topic, cancellationToken: Cancelled);
        listed.Select(Describe).ShouldBe(streamed.Select(Describe), ignoreOrder: true, "an announce finds what a lookup does");

        static string Describe(PeersFound found) => $"{found.Node}: {string.Join(' ', found.Peers)}";
    }

    [Fact]
    public async Task A_port_may_be_named_and_local_addresses_are_for_those_who_share_two_octets()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        AnnounceOptions home = new() { Port = 10_000, LocalAddress = new IPEndPoint(IPAddress.Parse("192.168.7.7"), 4_001) };
        await net[1].AnnounceOnceAsync(s_topic, home, Cancelled);

        // The owner's addresses as they stand on the wire: the seen host with the port, then the local one.
        PeersFound plain = (await net[2].LookupAllAsync(s_topic, cancellationToken: Cancelled))[0];
        plain.Records[0].RelayAddresses.ShouldBe([UdpEndpoint.From(IPAddress.Loopback, 10_000), UdpEndpoint.From(home.LocalAddress)]);
        plain.LocalPeers.ShouldBeEmpty("who gives no local address asks for none");

        foreach ((string mine, bool isNear) in ((string, bool)[])[("192.168.200.1", true), ("192.169.7.1", false), ("10.168.7.1", false)])
        {
            AnnounceOptions near = new() { LocalAddress = new IPEndPoint(IPAddress.Parse(mine), 5_000) };
            PeersFound found = (await net[3].LookupAllAsync(s_topic, near, Cancelled))[0];
            found.Peers.ShouldContain(new IPEndPoint(IPAddress.Loopback, 10_000));
            found.LocalPeers.ShouldBe(isNear ? [home.LocalAddress] : []);
        }
    }

    [Fact]
    public async Task Neighbours_behind_one_address_see_each_other_only()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(5);
        AnnounceOptions first = new() { LocalAddress = new IPEndPoint(IPAddress.Parse("192.168.7.7"), 4_001) };
        AnnounceOptions second = new() { LocalAddress = new IPEndPoint(IPAddress.Parse("192.168.8.8"), 4_002) };
        await net[1].AnnounceOnceAsync(s_topic, first, Cancelled);
        await net[2].AnnounceOnceAsync(s_topic, second, Cancelled);
        foreach (PeersFound found in await net[1].LookupAllAsync(s_topic, first, Cancelled))
        {
            (found.Peers.Single(), found.LocalPeers.Single()).ShouldBe((net[2].Node.LocalEndpoint, second.LocalAddress));
        }

        foreach (PeersFound found in await net[2].LookupAllAsync(s_topic, second, Cancelled))
        {
            (found.Peers.Single(), found.LocalPeers.Single()).ShouldBe((net[1].Node.LocalEndpoint, first.LocalAddress));
        }
    }

    [Fact]
    public async Task Only_what_was_announced_with_the_same_options_is_taken_back()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        AnnounceOptions options = new() { Port = 10_000 };
        await net[1].AnnounceOnceAsync(s_topic, options, Cancelled);
        (await net[1].UnannounceAsync(s_topic, new AnnounceOptions { Port = 10_001 }, Cancelled)).Stored.ShouldBe(0);
        (await net[1].UnannounceAsync(s_topic, null, Cancelled)).Stored.ShouldBe(0);
        (await net[1].UnannounceAsync(s_topic, options with { Seed = new byte[32] }, Cancelled)).Stored.ShouldBe(0);
        (await net[1].UnannounceAsync(s_topic, options with { LocalAddress = new IPEndPoint(IPAddress.Parse("10.0.0.1"), 3) }, Cancelled)).Stored.ShouldBe(0);
        (await net[2].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldNotBeEmpty();

        RpcCommit taken = await net[1].UnannounceAsync(s_topic, options, Cancelled);
        (taken.Stored, taken.Refused, taken.Silent, taken.Closest.Count).ShouldBe((5, 0, 0, 5));
        (await net[2].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_server_is_found_by_its_public_key()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        byte[] seed = [.. Enumerable.Repeat((byte)9, 32)];
        byte[] publicKey = Crypto.Ed25519.CreateKeyPair(seed);
        (await ToListAsync(net[4].FindPeerAsync(publicKey, Cancelled))).ShouldBeEmpty();
        await net[1].AnnounceOnceAsync(HyperHash.Of(publicKey), new AnnounceOptions { Seed = seed }, Cancelled);
        List<PeersFound> found = await ToListAsync(net[4].FindPeerAsync(publicKey, Cancelled));
        found.Count.ShouldBe(4, "all but the asker and the server");
        found.ShouldAllBe(each => each.Records.Count == 1 && each.Peers.Single().Equals(net[1].Node.LocalEndpoint));
        (await net[1].UnannounceAsync(HyperHash.Of(publicKey), new AnnounceOptions { Seed = seed }, Cancelled)).Stored.ShouldBe(5);
        (await ToListAsync(net[4].FindPeerAsync(publicKey, Cancelled))).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_kept_announced_is_still_there_after_an_hour_and_gone_when_it_is_disposed()
    {
        ShiftedTimeProvider time = new();
        await using HyperDevnet net = await HyperDevnet.StartAsync(4, time);
        IAsyncEnumerator<HyperTraffic> traffic = net[0].WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        ValueTask<bool> next = traffic.MoveNextAsync();
        IAnnouncement announcement = net[1].KeepAnnounced(s_topic);
        await announcement.Announced.WaitAsync(HyperDevnet.Patience, Cancelled);
        int announces = 0;
        for (int minute = 0; minute <= 60; minute += 5)
        {
            // Each round reaches the node that watches before time goes on.
            do
            {
                (await next.AsTask().WaitAsync(HyperDevnet.Patience, Cancelled)).ShouldBeTrue();
                (HyperTrafficKind kind, Key256 topic) = (traffic.Current.Kind, traffic.Current.Topic);
                next = traffic.MoveNextAsync();
                topic.ShouldBe(s_topic);
                if (kind == HyperTrafficKind.Announce)
                {
                    announces++;
                    break;
                }
            }
            while (true);
            SpinWait.SpinUntil(() => announcement.Count >= announces, HyperDevnet.Patience).ShouldBeTrue();
            Addresses(await net[3].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBe([net[1].Node.LocalEndpoint]);
            time.Advance(TimeSpan.FromMinutes(5));
        }

        announces.ShouldBe(13);
        announcement.Count.ShouldBeGreaterThanOrEqualTo(13);
        announcement.Topic.ShouldBe(s_topic);
        await announcement.DisposeAsync();
        (await net[3].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBeEmpty();
        await announcement.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_crashes_is_forgotten_after_twenty_minutes()
    {
        ShiftedTimeProvider time = new();
        await using HyperDevnet net = await HyperDevnet.StartAsync(4, time);
        HyperDht crashed = await net.AddAsync();
        IAnnouncement announcement = crashed.KeepAnnounced(s_topic);
        await announcement.Announced.WaitAsync(HyperDevnet.Patience, Cancelled);
        await crashed.DisposeAsync();
        (await net[3].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldNotBeEmpty();
        time.Advance(TimeSpan.FromMinutes(20));
        (await net[3].LookupAllAsync(s_topic, cancellationToken: Cancelled)).ShouldBeEmpty();
        await announcement.DisposeAsync();
    }

    [Fact]
    public async Task In_a_small_network_many_topics_are_announced_at_once()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(3);
        Key256[] topics = [.. Enumerable.Range(0, 40).Select(number => new Key256((UInt128)number << 120, 4))];
        RpcCommit[] commits = await Task.WhenAll(topics.Select(topic => net[1].AnnounceOnceAsync(topic, cancellationToken: Cancelled)));
        commits.ShouldAllBe(commit => commit.Stored == 2);
        IReadOnlyList<PeersFound>[] found = await Task.WhenAll(topics.Select(topic => net[2].LookupAllAsync(topic, cancellationToken: Cancelled)));
        found.ShouldAllBe(each => each.Count == 1);
    }

    [Fact]
    public async Task An_announce_that_nobody_takes_fails_with_the_reason()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(1);
        await Should.ThrowAsync<NoAnswerException>(net[0].AnnounceOnceAsync(s_topic, cancellationToken: Cancelled));
        await using IAnnouncement announcement = net[0].KeepAnnounced(s_topic);
        await Should.ThrowAsync<NoAnswerException>(announcement.Announced.WaitAsync(HyperDevnet.Patience, Cancelled));
        announcement.Count.ShouldBe(0);

        // An ephemeral node answers, and stores nothing.
        await using HyperDevnet silent = await HyperDevnet.StartAsync(1, options: HyperDevnet.Options with { Ephemeral = true });
        HyperDht asker = await silent.AddAsync(HyperDevnet.Options);
        await Should.ThrowAsync<NoAnswerException>(asker.AnnounceOnceAsync(s_topic, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task Options_that_make_no_sense_are_refused()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(1);
        Should.Throw<ArgumentException>(() => net[0].KeepAnnounced(s_topic, new AnnounceOptions { Port = 70_000 }));
        Should.Throw<ArgumentException>(() => net[0].KeepAnnounced(s_topic, new AnnounceOptions { Seed = new byte[31] }));
        Should.Throw<ArgumentException>(() => net[0].KeepAnnounced(s_topic, new AnnounceOptions { LocalAddress = new IPEndPoint(IPAddress.IPv6Loopback, 1) }));
        Should.Throw<ArgumentException>(() => net[0].FindPeerAsync(new byte[31]));
        Should.Throw<ArgumentException>(() => HyperDht.Create(new HyperDhtOptions { Seed = new byte[33] }));
        Should.Throw<ArgumentException>(() => HyperDht.Create(new HyperDhtOptions { Port = -1 }));
    }

    [Fact]
    public async Task Who_watches_hears_lookups_announces_and_removals()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        IAsyncEnumerator<HyperTraffic> traffic = net[0].WatchAsync(Cancelled).GetAsyncEnumerator(Cancelled);
        ValueTask<bool> next = traffic.MoveNextAsync();
        await net[1].AnnounceOnceAsync(s_topic, cancellationToken: Cancelled);
        await net[1].UnannounceAsync(s_topic, cancellationToken: Cancelled);
        List<HyperTrafficKind> kinds = [];
        while (kinds.Count < 4)
        {
            (await next.AsTask().WaitAsync(HyperDevnet.Patience, Cancelled)).ShouldBeTrue();
            (traffic.Current.Topic, traffic.Current.From).ShouldBe((s_topic, UdpEndpoint.From(net[1].Node.LocalEndpoint)));
            kinds.Add(traffic.Current.Kind);
            next = traffic.MoveNextAsync();
        }

        kinds.ShouldBe([HyperTrafficKind.Lookup, HyperTrafficKind.Announce, HyperTrafficKind.Lookup, HyperTrafficKind.Unannounce]);
        await net[0].DisposeAsync();
        (await next.AsTask().WaitAsync(HyperDevnet.Patience, Cancelled)).ShouldBeFalse("the end of the node is the end of its news");
    }

    private static IPEndPoint[] Addresses(IEnumerable<PeersFound> found) => [.. found.SelectMany(each => each.Peers).Distinct()];

    private static async Task<List<PeersFound>> ToListAsync(IAsyncEnumerable<PeersFound> found)
    {
        List<PeersFound> all = [];
        await foreach (PeersFound each in found.WithCancellation(Cancelled))
        {
            all.Add(each);
        }

        return all;
    }
}
