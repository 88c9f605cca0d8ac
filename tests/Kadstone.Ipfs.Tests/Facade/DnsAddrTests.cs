using System.Net;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class DnsAddrTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_joins_through_a_name_that_leads_to_others_and_at_last_to_a_peer()
    {
        await using Network network = await Network.StartAsync(2);
        PeerId peer = network[0].LocalPeer;
        await using NameServer names = new(new()
        {
            ["_dnsaddr.boot.test"] = [$"dnsaddr=/dnsaddr/one.boot.test/p2p/{peer}", $"dnsaddr=/dnsaddr/two.boot.test/p2p/{Peers.Id(2)}", "v=spf1 -all", "dnsaddr=nonsense"],
            ["_dnsaddr.one.boot.test"] = [$"dnsaddr={network[0].Address()}", $"dnsaddr=/ip4/127.0.0.1/udp/1/quic-v1/p2p/{peer}", $"dnsaddr=/dnsaddr/boot.test/p2p/{peer}"],
        });

        await using IpfsDht node = await IpfsDht.CreateAsync(
            Network.Options with { Bootstrap = [Multiaddr.Parse($"/dnsaddr/boot.test/p2p/{peer}")], NameServers = [names.Address] }, cancellationToken: Cancelled);
        await node.Ready.WaitAsync(Network.Guard, Cancelled);

        node.Contacts().Select(contact => contact.Id).ShouldBe([network[0].LocalPeer, network[1].LocalPeer], ignoreOrder: true);
        names.Asked.ShouldBe(2);
    }

    [Fact]
    public async Task A_name_that_leads_nowhere_or_in_circles_ends()
    {
        await using NameServer names = new(new()
        {
            ["_dnsaddr.circle.test"] = ["dnsaddr=/dnsaddr/circle.test", "dnsaddr=/dnsaddr/a.circle.test"],
            ["_dnsaddr.a.circle.test"] = ["dnsaddr=/dnsaddr/circle.test"],
            ["_dnsaddr.wide.test"] = [.. Enumerable.Range(0, 25).Select(i => $"dnsaddr=/dnsaddr/w{i}.test")],
        });
        DnsAddrResolver resolver = new([names.Address], TimeProvider.System);

        (await resolver.ResolveAsync(Multiaddr.Parse("/dnsaddr/nobody.test"), Cancelled)).ShouldBeEmpty();
        (await resolver.ResolveAsync(Multiaddr.Parse("/dnsaddr/circle.test"), Cancelled)).ShouldBeEmpty();
        names.Asked.ShouldBe(3);
        (await resolver.ResolveAsync(Multiaddr.Parse("/dnsaddr/wide.test"), Cancelled)).ShouldBeEmpty();
        names.Asked.ShouldBe(3 + DnsAddrResolver.MaxAddresses);
    }

    [Fact]
    public async Task A_server_that_is_not_there_costs_the_next_one_nothing()
    {
        await using NameServer names = new(new() { ["_dnsaddr.x.test"] = ["dnsaddr=/ip4/1.2.3.4/tcp/4001"] });
        IPEndPoint nobody = new(IPAddress.Loopback, 1);

        (await new DnsAddrResolver([nobody, names.Address], TimeProvider.System).ResolveAsync(Multiaddr.Parse("/dnsaddr/x.test"), Cancelled))
            .ShouldHaveSingleItem().ToString().ShouldBe("/ip4/1.2.3.4/tcp/4001");
    }

    [Fact]
    public void Servers_are_read_from_the_systems_configuration() =>
        DnsAddrResolver.ServersOf(["# nameserver 9.9.9.9", "search x", "nameserver 10.0.0.2", "nameserver\t::1 # near", "nameserver", "nameserver nonsense"])
            .ShouldBe([new IPEndPoint(IPAddress.Parse("10.0.0.2"), 53), new IPEndPoint(IPAddress.IPv6Loopback, 53)]);

    [Fact]
    public void An_answer_is_read_whole_and_one_that_is_cut_off_as_far_as_it_goes()
    {
        byte[] question = DnsText.Question(7, "_dnsaddr.example.test").ShouldNotBeNull();
        byte[] answer = NameServer.Answer(question, [new string('x', 250), "short"]);
        DnsText.TryRead(answer, question, out IReadOnlyList<string> texts).ShouldBeTrue();
        texts.ShouldBe([new string('x', 250), "short"]);

        DnsText.TryRead(NameServer.Answer(DnsText.Question(7, "_dnsaddr.example.best")!, ["a"]), question, out _).ShouldBeFalse("another question");
        for (int length = 0; length < answer.Length; length++)
        {
            DnsText.TryRead(answer.AsSpan(0, length), question, out IReadOnlyList<string> some);
            some.Count.ShouldBeLessThan(2);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData("ä.test")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test")]
    public void What_is_no_name_is_not_asked_for(string name) => DnsText.Question(1, name).ShouldBeNull();
}
