using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>A HyperDht is a node as well: its options, its start, its end.</summary>
public sealed class HyperDhtLifeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_options_of_the_node_are_those_of_the_hyperdht()
    {
        byte[] seed = [.. Enumerable.Repeat((byte)3, 32)];
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Ephemeral = true, Bootstrap = [net[0].Node.LocalEndpoint.ToString()], Seed = seed });
        Should.Throw<InvalidOperationException>(() => dht.Node.LocalEndpoint);

        // The first question starts it.
        (await dht.LookupAllAsync(new Key256(1, 2), cancellationToken: Cancelled)).ShouldBeEmpty();
        (dht.Node.LocalEndpoint.Address, dht.Node.Id).ShouldBe((IPAddress.Loopback, null));
        dht.PublicKey.ToArray().ShouldBe(Crypto.Ed25519.CreateKeyPair(seed));
        ((IHyperDht)dht).Node.ShouldBeSameAs(dht.Node);
        (await dht.Node.PingAsync(UdpEndpoint.From(net[1].Node.LocalEndpoint), Cancelled)).To.ShouldBe(UdpEndpoint.From(dht.Node.ClientEndpoint), "a node says how it sees us");
    }

    [Fact]
    public async Task It_listens_where_it_is_told_to_and_the_port_is_free_afterwards()
    {
        HyperDht dht = HyperDht.Create(HyperDevnet.Options);
        await dht.Node.ListenAsync(null, Cancelled);
        int port = dht.Node.LocalEndpoint.Port;
        await using (HyperDht other = HyperDht.Create(HyperDevnet.Options))
        {
            (await Should.ThrowAsync<SocketException>(other.Node.ListenAsync(port, Cancelled))).SocketErrorCode.ShouldBe(SocketError.AddressAlreadyInUse);
        }

        await dht.DisposeAsync();
        await dht.DisposeAsync();
        await using HyperDht next = HyperDht.Create(HyperDevnet.Options);
        await next.Node.ListenAsync(port, Cancelled);
        next.Node.LocalEndpoint.Port.ShouldBe(port);
    }

    [Fact]
    public async Task What_is_asked_before_the_join_is_over_waits_for_it_and_what_runs_at_the_end_is_ended()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(3);
        Key256 topic = new(4, 5);
        await net[1].AnnounceOnceAsync(topic, cancellationToken: Cancelled);
        HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Bootstrap = [net[0].Node.LocalEndpoint.ToString()] });
        (await dht.LookupAllAsync(topic, cancellationToken: Cancelled)).ShouldNotBeEmpty();
        dht.Node.Ready.IsCompletedSuccessfully.ShouldBeTrue();

        IAnnouncement announcement = dht.KeepAnnounced(new Key256(6, 7));
        await dht.DisposeAsync();
        announcement.Announced.IsCompleted.ShouldBeTrue("nobody waits for what has ended");
        await announcement.DisposeAsync();
        Should.Throw<ObjectDisposedException>(() => dht.KeepAnnounced(topic));
        await Should.ThrowAsync<ObjectDisposedException>(dht.LookupAllAsync(topic, cancellationToken: Cancelled));
    }

    [Fact]
    public async Task A_table_recovers_after_nine_of_ten_nodes_were_replaced()
    {
        const int Replaced = 18;
        await using HyperDevnet net = await HyperDevnet.StartAsync(20);
        HyperDht survivor = net[19];
        foreach (HyperDht gone in net.Nodes.Skip(1).Take(Replaced).ToArray())
        {
            await gone.DisposeAsync();
        }

        List<HyperDht> came = [];
        for (int i = 0; i < Replaced; i++)
        {
            came.Add(await net.AddAsync());
        }

        await survivor.Node.BootstrapAsync(Cancelled);
        HashSet<Key256> known = [.. survivor.Node.Contacts().Select(entry => entry.Contact.Id)];
        came.Count(node => known.Contains(node.Node.Id.GetValueOrDefault())).ShouldBe(Replaced);
        IReadOnlyList<RpcContact> closest = await survivor.Node.FindNodeAsync(new Key256(3, 3), Cancelled);
        closest.Count.ShouldBe(Replaced + 1, "those who came, and the first");
    }

    [Fact]
    public async Task After_most_of_the_network_has_gone_a_bootstrap_finds_those_who_came()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(10);
        foreach (HyperDht gone in net.Nodes.Skip(1).Take(8))
        {
            await gone.DisposeAsync();
        }

        HyperDht[] came = [await net.AddAsync(), await net.AddAsync()];
        HyperDht survivor = net[9];
        await survivor.Node.BootstrapAsync(Cancelled);
        Key256 topic = new(9, 9);
        (await survivor.AnnounceOnceAsync(topic, cancellationToken: Cancelled)).Stored.ShouldBe(3);
        (await came[0].LookupAllAsync(topic, cancellationToken: Cancelled)).Count.ShouldBe(2);
    }
}
