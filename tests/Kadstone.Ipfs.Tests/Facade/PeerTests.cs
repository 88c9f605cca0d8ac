using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class PeerTests
{
    [Fact]
    public async Task A_peer_two_hops_away_is_found_by_id_by_text_and_by_cid()
    {
        await using Network network = await Network.StartAsync(25);
        IpfsDht seeker = network[3];
        IpfsDht sought = network.Nodes.First(node => node != seeker && seeker.Contacts().All(contact => contact.Id != node.LocalPeer) || node == network[24]);

        PeerInfo byId = await seeker.FindPeerAsync(sought.LocalPeer, cancellationToken: Network.Cancelled);
        PeerInfo byText = await seeker.FindPeerAsync(sought.LocalPeer.ToString(), cancellationToken: Network.Cancelled);
        PeerInfo byCidText = await seeker.FindPeerAsync(sought.LocalPeer.ToCid().ToString(MultibaseEncoding.Base36), cancellationToken: Network.Cancelled);
        PeerInfo byCid = await seeker.FindPeerAsync(sought.LocalPeer.ToCid(), cancellationToken: Network.Cancelled);

        byId.Id.ShouldBe(sought.LocalPeer);
        byId.Addresses.ShouldContain(sought.Addresses[0]);
        foreach (PeerInfo other in (PeerInfo[])[byText, byCid, byCidText])
        {
            other.Id.ShouldBe(byId.Id);
            other.Addresses.ShouldContain(sought.Addresses[0]);
        }
    }

    [Fact]
    public async Task A_client_is_found_too_though_it_stands_in_no_table()
    {
        await using Network network = await Network.StartAsync(5, i => i == 4 ? Network.Options with { Mode = KadMode.Client } : Network.Options);
        IpfsDht client = network[4];

        client.IsServer.ShouldBeFalse();
        network.Nodes.Take(4).SelectMany(node => node.Contacts()).ShouldNotContain(contact => contact.Id == client.LocalPeer);
        (await network[2].FindPeerAsync(client.LocalPeer, cancellationToken: Network.Cancelled)).Id.ShouldBe(client.LocalPeer);
    }

    [Fact]
    public async Task A_peer_that_nobody_knows_is_not_found()
    {
        await using Network network = await Network.StartAsync(5);

        PeerNotFoundException exception = await Should.ThrowAsync<PeerNotFoundException>(() => network[1].FindPeerAsync(Peers.Id(999), cancellationToken: Network.Cancelled));

        exception.Id.ShouldBe(Peers.Id(999));
    }

    [Fact]
    public async Task A_cid_that_is_no_peers_is_refused()
    {
        await using Network network = await Network.StartAsync(1);

        await Should.ThrowAsync<ArgumentException>(() => network[0].FindPeerAsync(Peers.Content(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<FormatException>(() => network[0].FindPeerAsync("no peer", cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task The_closest_peers_are_the_twenty_nearest_of_all_in_order()
    {
        await using Network network = await Network.StartAsync(30);
        Key256 target = Core.PeerKeys.KeyOf(network[7].LocalPeer);

        IReadOnlyList<PeerInfo> closest = await network[12].FindClosestPeersAsync(network[7].LocalPeer, cancellationToken: Network.Cancelled);

        PeerId[] nearest = [.. network.Nodes.Where(node => node != network[12]).Select(node => node.LocalPeer).OrderBy(peer => Core.PeerKeys.KeyOf(peer) ^ target).Take(20)];
        closest.Select(peer => peer.Id).ShouldBe(nearest);
        closest.ShouldAllBe(peer => peer.Addresses.Count > 0);
    }

    [Fact]
    public async Task A_peer_that_an_answer_names_is_added_once_before_it_is_asked()
    {
        await using Network network = await Network.StartAsync(6);
        await using IpfsDht newcomer = await IpfsDht.CreateAsync(Network.Options with { Mode = KadMode.Client }, cancellationToken: Network.Cancelled);
        await newcomer.ConnectAsync(network[0].Address(), Network.Cancelled);
        await newcomer.HasContactsAsync(6).WaitAsync(Network.Guard, Network.Cancelled);
        IpfsDht late = await network.AddAsync();
        await network[0].HasContactsAsync(6).WaitAsync(Network.Guard, Network.Cancelled);

        List<QueryEvent> events = await newcomer.QueryAsync(Peers.Id(1), cancellationToken: Network.Cancelled).ListAsync();

        QueryEvent[] added = [.. events.Where(happened => happened.Type == QueryEventType.AddingPeer)];
        added.Select(happened => happened.Id).ShouldBe([late.LocalPeer]);
        added.ShouldAllBe(happened => events.FindIndex(named => named.Type == QueryEventType.PeerResponse && named.Responses.Any(peer => peer.Id == happened.Id)) < events.IndexOf(happened));
        added.ShouldAllBe(happened => events.FindIndex(sent => sent.Type == QueryEventType.SendingQuery && sent.Id == happened.Id) > events.IndexOf(happened));
    }

    [Fact]
    public async Task Searches_on_a_network_tell_all_eight_kinds_of_events_under_their_numbers()
    {
        await using Network network = await Network.StartAsync(6);
        await using IpfsDht newcomer = await IpfsDht.CreateAsync(Network.Options with { Mode = KadMode.Client }, cancellationToken: Network.Cancelled);
        await newcomer.ConnectAsync(network[0].Address(), Network.Cancelled);
        await newcomer.HasContactsAsync(6).WaitAsync(Network.Guard, Network.Cancelled);
        await network[1].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);
        await network[2].PutAsync("/test/events", "value"u8.ToArray(), cancellationToken: Network.Cancelled);
        await network.AddAsync();
        await network[0].HasContactsAsync(6).WaitAsync(Network.Guard, Network.Cancelled);
        await network[5].DisposeAsync();

        FindProvidersOptions all = new() { NumProviders = 0 };
        List<QueryEvent> query = await newcomer.QueryAsync(Peers.Id(1), cancellationToken: Network.Cancelled).ListAsync();
        List<QueryEvent> providers = await newcomer.FindProvidersEventsAsync(Peers.Content(1), all, Network.Cancelled).ListAsync();
        List<QueryEvent> value = await newcomer.GetEventsAsync(RecordKey.Parse("/test/events"), cancellationToken: Network.Cancelled).ListAsync();

        Numbers(query).ShouldBe([0, 1, 2, 3, 6, 7]);
        Numbers(providers).ShouldContain(4);
        Numbers(value).ShouldContain(5);
        Numbers([.. query, .. providers, .. value]).ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);
    }

    private static int[] Numbers(List<QueryEvent> events) => [.. events.Select(happened => (int)happened.Type).Distinct().Order()];

    [Fact]
    public async Task The_events_of_a_query_tell_each_step_in_order_and_end_with_the_closest()
    {
        await using Network network = await Network.StartAsync(8);
        IpfsDht asker = network[2];

        List<QueryEvent> events = await asker.QueryAsync(network[6].LocalPeer, cancellationToken: Network.Cancelled).ListAsync();

        foreach (QueryEvent answered in events.Where(happened => happened.Type == QueryEventType.PeerResponse))
        {
            events.FindIndex(happened => happened.Type == QueryEventType.SendingQuery && happened.Id == answered.Id).ShouldBeInRange(0, events.IndexOf(answered) - 1);
        }

        PeerId[] final = [.. events.Where(happened => happened.Type == QueryEventType.FinalPeer).Select(happened => happened.Id)];
        final.ShouldBe(network.Nodes.Where(node => node != asker).Select(node => node.LocalPeer), ignoreOrder: true);
        final[0].ShouldBe(network[6].LocalPeer);
        events.ShouldContain(happened => happened.Type == QueryEventType.PeerResponse && happened.Responses.Count > 0);
    }

    [Fact]
    public async Task A_peer_that_we_are_not_connected_with_is_dialed_before_it_is_asked()
    {
        await using Network network = await Network.StartAsync(6);
        await using IpfsDht late = await IpfsDht.CreateAsync(Network.Options with { Mode = KadMode.Client }, cancellationToken: Network.Cancelled);
        await late.ConnectAsync(network[0].Address(), Network.Cancelled);
        await late.HasContactsAsync(1).WaitAsync(Network.Guard, Network.Cancelled);

        // The table's own first lookup may have met the others meanwhile.
        foreach (IpfsDht node in network.Nodes.Skip(1))
        {
            late.Host.Disconnect(node.LocalPeer);
        }

        List<QueryEvent> events = await late.QueryAsync(Peers.Id(77), cancellationToken: Network.Cancelled).ListAsync();

        int dialing = events.FindIndex(happened => happened.Type == QueryEventType.DialingPeer);
        dialing.ShouldBeGreaterThanOrEqualTo(0);
        events.FindIndex(happened => happened.Type == QueryEventType.SendingQuery && happened.Id == events[dialing].Id).ShouldBeGreaterThan(dialing);
    }

    [Fact]
    public async Task Without_anybody_to_ask_a_query_says_so()
    {
        await using Network network = await Network.StartAsync(1);

        await Should.ThrowAsync<NoPeersException>(() => network[0].FindClosestPeersAsync(Peers.Id(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NoPeersException>(() => network[0].FindPeerAsync(Peers.Id(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NoPeersException>(() => network[0].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NoPeersException>(() => network[0].PutAsync("/test/a", "v"u8.ToArray(), cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task A_closed_node_says_so_to_every_verb()
    {
        Network network = await Network.StartAsync(1);
        await network.DisposeAsync();

        await Should.ThrowAsync<NodeOfflineException>(() => network[0].FindPeerAsync(Peers.Id(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NodeOfflineException>(() => network[0].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NodeOfflineException>(() => network[0].GetAsync("/test/a", cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<NodeOfflineException>(() => network[0].ConnectAsync(Peers.Info(1), Network.Cancelled));
    }

    [Fact]
    public async Task A_dead_peer_is_an_error_and_the_next_time_one_of_dial_backoff()
    {
        await using Network network = await Network.StartAsync(4);
        IpfsDht dead = network[3];
        await dead.DisposeAsync();

        List<QueryEvent> first = await network[1].QueryAsync(dead.LocalPeer, cancellationToken: Network.Cancelled).ListAsync();
        List<QueryEvent> second = await network[1].QueryAsync(dead.LocalPeer, cancellationToken: Network.Cancelled).ListAsync();

        first.ShouldContain(happened => happened.Type == QueryEventType.QueryError && happened.Id == dead.LocalPeer && happened.Extra.Length > 0);
        second.ShouldContain(happened => happened.Type == QueryEventType.QueryError && happened.Id == dead.LocalPeer && happened.Extra == QueryEvent.DialBackoff);
    }
}
