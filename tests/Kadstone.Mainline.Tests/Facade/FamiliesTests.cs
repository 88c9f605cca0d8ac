using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>IPv6 (BEP 32), both families at once, and several addresses of one family (BEP 45).</summary>
public sealed class FamiliesTests
{
    public static bool HasIPv6 => Socket.OSSupportsIPv6 && CanBindIPv6();

    [Fact(SkipUnless = nameof(HasIPv6), Skip = "This machine has no IPv6 loopback.")]
    public async Task A_network_of_ipv6_nodes_works_alone()
    {
        await using Devnet devnet = await Devnet.StartAsync(4, with: (_, options) => OnIPv6(options, IPAddress.IPv6Loopback));
        Key160 infoHash = Devnet.RandomKey();
        (await devnet[1].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: Devnet.Guard())).Commit.Stored.ShouldBe(3);
        (await devnet[2].PeersAsync(infoHash)).ShouldBe([UdpEndpoint.FromIPv6(0, 1, 4_242)]);
        PutItemResult put = await devnet[1].PutImmutableAsync(ItemValue.FromBytes(new byte[900]), Devnet.Guard());
        put.Commit.Stored.ShouldBe(3);
        (await devnet[3].GetImmutableAsync(put.Target, Devnet.Guard())).ShouldNotBeNull();
    }

    [Fact(SkipUnless = nameof(HasIPv6), Skip = "This machine has no IPv6 loopback.")]
    public async Task A_dual_stack_node_that_knows_an_ipv4_host_only_fills_both_tables()
    {
        // The first two know each other over both families. The others are told of an IPv4 host only: IPv6 comes by "want".
        await using Devnet devnet = await Devnet.StartAsync(2, with: (number, options) => OnIPv6(options, Devnet.AddressOf(number + 1), IPAddress.IPv6Loopback));
        await devnet[1].ConnectAsync(devnet[0].Endpoint(1), cancellationToken: Devnet.Guard());
        while (devnet.Nodes.Count < 6)
        {
            await devnet.AddAsync(options => OnIPv6(options, Devnet.AddressOf(devnet.Nodes.Count + 1), IPAddress.IPv6Loopback));
        }

        CancellationToken guard = Devnet.Guard();
        foreach (MainlineDht node in devnet.Nodes)
        {
            FindNodeResult found;
            do
            {
                guard.ThrowIfCancellationRequested();
                found = await node.FindNodeAsync(Devnet.RandomKey(), guard);
            }
            while (!found.Closest.Any(contact => !contact.Endpoint.IsIPv4));

            found.Closest.ShouldContain(contact => contact.Endpoint.IsIPv4);
            node.Contacts().ShouldContain(entry => !entry.Contact.Endpoint.IsIPv4);
            node.Status().Ids.Distinct().Count().ShouldBe(2);
        }

        Key160 infoHash = Devnet.RandomKey();
        await devnet[5].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: guard);
        (await devnet[4].PeersAsync(infoHash)).Select(peer => peer.ToString()).ShouldBe(["127.77.6.1:4242", "[::1]:4242"], ignoreOrder: true);
        FindNodeResult both = await devnet[5].FindNodeAsync(infoHash, guard);
        both.Traces.Count.ShouldBe(2);
        both.Closest.ShouldBe(both.Closest.OrderBy(contact => contact.Id ^ infoHash));

        MainlineState state = devnet[5].Save();
        state.Ids.Count.ShouldBe(2);
        state.Nodes.ShouldContain(contact => contact.Endpoint.IsIPv4);
        state.Nodes.ShouldContain(contact => !contact.Endpoint.IsIPv4);
    }

    [Fact]
    public async Task Two_addresses_of_one_family_are_two_nodes_that_answer_from_where_they_were_asked()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        MainlineDht twice = await devnet.AddAsync(options => options with { Addresses = [Devnet.AddressOf(95), Devnet.AddressOf(96)] });
        twice.Status().Ids.Distinct().Count().ShouldBe(2);
        for (byte socket = 0; socket < 2; socket++)
        {
            // A reply from another address than the asked one would fit no request.
            PingResult ping = await devnet[1].PingAsync(twice.Endpoint(socket), Devnet.Guard());
            ping.Node.Id.ShouldBe(twice.Status().Ids[socket]);
        }

        // Storage is shared: what is announced to one is known to the other.
        Key160 infoHash = Devnet.RandomKey();
        await devnet[2].AnnouncePeerAsync(infoHash, 4_242, cancellationToken: Devnet.Guard());
        (await twice.PeersAsync(infoHash)).ShouldBe([devnet[2].Endpoint().WithPort(4_242)]);
        (await devnet[3].AnnouncePeerAsync(infoHash, 4_243, cancellationToken: Devnet.Guard())).Commit.Refused.ShouldBe(0);
    }

    private static MainlineOptions OnIPv6(MainlineOptions options, params IPAddress[] addresses) => options with
    {
        Addresses = addresses,
        Diversity = false,
    };

    private static bool CanBindIPv6()
    {
        using Socket socket = new(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
