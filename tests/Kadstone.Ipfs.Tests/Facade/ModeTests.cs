using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class ModeTests
{
    private static readonly FindProvidersOptions s_any = new() { NumProviders = 0 };

    [Fact]
    public async Task In_auto_mode_a_node_of_a_site_serves_and_one_of_the_public_network_waits_until_it_is_reached()
    {
        await using Network network = await Network.StartAsync(1);
        await using IpfsDht both = await IpfsDht.CreateAsync(Network.Options with { Scope = KadScope.Both, Policy = null }, cancellationToken: Network.Cancelled);

        network[0].IsServer.ShouldBeTrue();
        both.Status().Select(status => (status.Scope, status.Protocol, status.IsServer)).ShouldBe(
            [(KadScope.Wan, "/ipfs/kad/1.0.0", false), (KadScope.Lan, "/ipfs/lan/kad/1.0.0", true)]);
    }

    [Fact]
    public async Task Both_networks_are_asked_over_one_host()
    {
        IpfsOptions both = Network.Options with { Scope = KadScope.Both };
        await using Network wan = await Network.StartAsync(3);
        await using Network lan = await Network.StartAsync(3, _ => Network.Options with { Scope = KadScope.Lan });
        await using IpfsDht node = await IpfsDht.CreateAsync(both, cancellationToken: Network.Cancelled);
        await node.ConnectAsync(wan[0].Address(), Network.Cancelled);
        await node.ConnectAsync(lan[0].Address(), Network.Cancelled);
        await node.HasContactsAsync(1).WaitAsync(Network.Guard, Network.Cancelled);
        await wan[1].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);
        await lan[1].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);

        IReadOnlyList<PeerInfo> providers = await node.FindProvidersListAsync(Peers.Content(1), s_any, Network.Cancelled);
        await node.PutAsync("/test/both", "value"u8.ToArray(), cancellationToken: Network.Cancelled);

        providers.Select(provider => provider.Id).ShouldBe([wan[1].LocalPeer, lan[1].LocalPeer], ignoreOrder: true);
        foreach (IpfsDht other in (IpfsDht[])[wan[2], lan[2]])
        {
            (await other.GetAsync("/test/both", cancellationToken: Network.Cancelled)).Span.SequenceEqual("value"u8).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_prefix_makes_a_network_of_its_own()
    {
        await using Network network = await Network.StartAsync(2, i => Network.Options with { ProtocolPrefix = "/own" });
        await using IpfsDht stranger = await IpfsDht.CreateAsync(Network.Options, cancellationToken: Network.Cancelled);

        await stranger.ConnectAsync(network[0].Address(), Network.Cancelled);

        network[0].Status()[0].Protocol.ShouldBe("/own/kad/1.0.0");
        await Should.ThrowAsync<NoPeersException>(() => stranger.FindClosestPeersAsync(Peers.Id(1), cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task Who_starts_to_serve_says_so_and_enters_the_tables_of_those_it_knows()
    {
        await using Network network = await Network.StartAsync(2);
        await using IpfsDht late = await IpfsDht.CreateAsync(Network.Options with { Mode = KadMode.Client }, cancellationToken: Network.Cancelled);
        await late.ConnectAsync(network[0].Address(), Network.Cancelled);
        await late.HasContactsAsync(1).WaitAsync(Network.Guard, Network.Cancelled);
        network[0].Contacts().ShouldNotContain(contact => contact.Id == late.LocalPeer);

        late.Serve(true);
        await network[0].HasContactsAsync(2).WaitAsync(Network.Guard, Network.Cancelled);

        network[0].Contacts().ShouldContain(contact => contact.Id == late.LocalPeer);
    }

    [Fact]
    public async Task A_node_of_the_public_network_serves_once_a_peer_has_dialed_it_and_says_so()
    {
        await using Libp2pHost stranger = await Libp2pHost.CreateAsync(Network.Options.Host with { Policy = AddressPolicy.Any }, cancellationToken: Network.Cancelled);
        TaskCompletionSource<byte[]?> asked = new();
        using IDisposable served = stranger.Accept(DialBackMessage.Protocol, async (stream, token) =>
        {
            asked.SetResult(await stream.ReadMessageAsync(1024, token));
            await stream.WriteMessageAsync(new byte[] { 0x08, 1, 0x1A, 2, 0x08, 0 }, token);
        });
        Multiaddr known = Multiaddr.Parse("/ip4/5.6.7.8/tcp/4001");
        IpfsOptions options = Network.Options with { Scope = KadScope.Both, Policy = null, Host = Network.Options.Host with { Announce = [known] } };
        await using IpfsDht node = await IpfsDht.CreateAsync(options, cancellationToken: Network.Cancelled);
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        stranger.Identified += (_, peer) => _ = peer.Protocols.Contains("/ipfs/kad/1.0.0") && told.TrySetResult();
        TaskCompletionSource identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Host.Identified += (_, _) => identified.TrySetResult();
        await node.ConnectAsync(stranger.ListenAddresses[0].WithPeer(stranger.LocalPeer), Network.Cancelled);
        await identified.Task.WaitAsync(Network.Guard, Network.Cancelled);
        node.Status()[0].IsServer.ShouldBeFalse();

        await node.KeepReachabilityAsync();

        node.Status()[0].IsServer.ShouldBeTrue();
        await told.Task.WaitAsync(Network.Guard, Network.Cancelled);
        (await asked.Task).ShouldBe(DialBackMessage.Encode(node.LocalPeer, [known]));
    }

    [Theory]
    [InlineData("08011A03088065", "a status that is not known")]
    [InlineData("0801", "no answer")]
    [InlineData("08001A020800", "a question for an answer")]
    [InlineData("08011A0208", "a message cut short")]
    [InlineData("08011A0308C801", "a question that was not understood")]
    public async Task Who_answers_anything_else_proves_nothing(string hex, string why)
    {
        await using Libp2pHost stranger = await Libp2pHost.CreateAsync(Network.Options.Host with { Policy = AddressPolicy.Any }, cancellationToken: Network.Cancelled);
        using IDisposable served = stranger.Accept(DialBackMessage.Protocol, async (stream, token) => await stream.WriteMessageAsync(Convert.FromHexString(hex), token));
        IpfsOptions options = Network.Options with { Scope = KadScope.Both, Policy = null, Host = Network.Options.Host with { Announce = [Multiaddr.Parse("/ip4/5.6.7.8/tcp/4001")] } };
        await using IpfsDht node = await IpfsDht.CreateAsync(options, cancellationToken: Network.Cancelled);
        TaskCompletionSource identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Host.Identified += (_, _) => identified.TrySetResult();
        await node.ConnectAsync(stranger.ListenAddresses[0].WithPeer(stranger.LocalPeer), Network.Cancelled);
        await identified.Task.WaitAsync(Network.Guard, Network.Cancelled);

        await node.KeepReachabilityAsync();

        node.Status()[0].IsServer.ShouldBeFalse(why);
    }

    [Fact]
    public async Task An_optimistic_provide_tells_twenty_like_any_other()
    {
        await using Network network = await Network.StartAsync(24, _ => Network.Options with { OptimisticProvide = true });

        ProvideOutcome outcome = await network[3].ProvideAsync(Peers.Content(1), cancellationToken: Network.Cancelled);

        outcome.Told.ShouldBeGreaterThanOrEqualTo(15);
        (await network[20].FindProvidersListAsync(Peers.Content(1), s_any, Network.Cancelled)).ShouldHaveSingleItem().Id.ShouldBe(network[3].LocalPeer);
    }

    [Theory]
    [InlineData("ipfs")]
    [InlineData("/ipfs/")]
    [InlineData("")]
    [InlineData("//x")]
    public async Task A_prefix_that_is_none_is_refused(string prefix) =>
        (await Should.ThrowAsync<ArgumentException>(() => IpfsDht.CreateAsync(Network.Options with { ProtocolPrefix = prefix }))).ParamName.ShouldBe("ProtocolPrefix");

    [Fact]
    public async Task Options_out_of_range_are_named()
    {
        (string Name, IpfsOptions Options)[] wrong =
        [
            ("Scope", Network.Options with { Scope = 0 }),
            ("Mode", Network.Options with { Mode = (KadMode)9 }),
            ("OperationTimeout", Network.Options with { OperationTimeout = TimeSpan.Zero }),
            ("RequestTimeout", Network.Options with { RequestTimeout = TimeSpan.Zero }),
            ("ProvideInterval", Network.Options with { ProvideInterval = TimeSpan.FromHours(48) }),
            ("RecordInterval", Network.Options with { RecordInterval = TimeSpan.Zero }),
            ("RequestsPerPeer", Network.Options with { RequestsPerPeer = 0 }),
            ("RefreshInterval", Network.Options with { RefreshInterval = TimeSpan.Zero }),
            ("Bootstrap", Network.Options with { Bootstrap = [Peers.Address(1)] }),
            ("Validators", Network.Options with { Validators = [new LongestWins(), new LongestWins()] }),
        ];
        foreach ((string name, IpfsOptions options) in wrong)
        {
            (await Should.ThrowAsync<ArgumentException>(() => IpfsDht.CreateAsync(options))).ParamName.ShouldBe(name);
        }
    }

    [Fact]
    public void An_event_prints_its_name_or_its_number()
    {
        new QueryEvent(QueryEventType.Provider, Peers.Id(1), [Peers.Info(2)], "more").ToString().ShouldBe($"Provider {Peers.Id(1)} [{Peers.Id(2)}] more");
        new QueryEvent((QueryEventType)42, Peers.Id(1), [], "").ToString().ShouldBe($"type=42 {Peers.Id(1)}");
        Enum.GetValues<QueryEventType>().Select(type => (int)type).ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);
    }
}
