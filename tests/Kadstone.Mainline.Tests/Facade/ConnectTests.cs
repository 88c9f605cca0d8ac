using System.Net.Sockets;
using System.Net;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M104, M105, M106: <c>node.connect({ id, address, port })</c>, the id optional.</summary>
public sealed class ConnectTests
{
    [Fact]
    public async Task Connect_with_the_right_id_puts_the_node_into_the_table()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9));
        NodeContact connected = await node.ConnectAsync(devnet[1].LocalEndpoints[0], devnet[1].Id, Devnet.Guard());
        connected.ShouldBe(new NodeContact(devnet[1].Id, devnet[1].Endpoint()));
        node.Contacts().ShouldContain(entry => entry.Contact.Id == devnet[1].Id);

        // And through it the others are known.
        node.Contacts().Select(entry => entry.Contact.Id).ShouldBe(devnet.Nodes.Select(other => other.Id), ignoreOrder: true);
    }

    [Fact]
    public async Task Connect_with_a_wrong_id_does_not_count()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9));
        Key160 wrong = Devnet.RandomKey();
        NoNetworkException failure = await Should.ThrowAsync<NoNetworkException>(() => node.ConnectAsync(devnet[1].Endpoint(), wrong, Devnet.Guard()));
        failure.Message.ShouldContain(wrong.ToString());
        node.Contacts().ShouldNotContain(entry => entry.Contact.Id == wrong);
    }

    [Fact]
    public async Task Connect_without_an_id_learns_it_from_the_answer()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9));
        NodeContact connected = await node.ConnectAsync(devnet[0].Endpoint(), cancellationToken: Devnet.Guard());
        connected.Id.ShouldBe(devnet[0].Id);
        node.Contacts().ShouldContain(entry => entry.Contact.Id == devnet[0].Id && entry.Failures == 0);
    }

    [Fact]
    public async Task A_node_that_came_back_on_another_port_can_be_connected_to_at_once()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        await devnet[1].DisposeAsync();
        await using MainlineDht back = await MainlineDht.CreateAsync(Devnet.OptionsOf(2));
        (await devnet[0].ConnectAsync(back.Endpoint(), cancellationToken: Devnet.Guard())).Id.ShouldBe(back.Id);
    }

    [Fact]
    public async Task Connect_to_nobody_says_so()
    {
        using Socket deaf = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        deaf.Bind(new IPEndPoint(Devnet.AddressOf(8), 0));
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9));
        NoNetworkException failure = await Should.ThrowAsync<NoNetworkException>(() => node.ConnectAsync((IPEndPoint)deaf.LocalEndPoint!, cancellationToken: Devnet.Guard()));
        failure.Message.ShouldContain("did not answer");
        node.Contacts().ShouldBeEmpty();
    }

    [Fact]
    public async Task Connect_across_the_scope_says_what_is_missing()
    {
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(9) with { Scope = AddressScope.Public });
        NoNetworkException failure = await Should.ThrowAsync<NoNetworkException>(() => node.PingAsync(UdpEndpoint.From(Devnet.AddressOf(8), 6881), Devnet.Guard()));
        failure.Message.ShouldContain("AddressScope.Private");
    }

    [Theory]
    [InlineData(19)]
    [InlineData(21)]
    public void A_key_of_other_than_20_bytes_is_an_error(int length)
    {
        Key160.TryParse(new string('a', 2 * length), out _).ShouldBeFalse();
        if (length < 20)
        {
            Should.Throw<ArgumentException>(() => Key160.Read(new byte[length]));
        }
    }
}
