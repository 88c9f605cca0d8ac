using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>M046: a node without an id becomes one that others keep once they have reached it, and not before. In virtual time.</summary>
public sealed class RpcIdentityTests
{
    private static readonly RpcSettings s_adaptive = new() { IsAdaptive = true };

    [Fact]
    public void After_twenty_minutes_a_node_that_others_reach_takes_the_id_of_its_address()
    {
        RpcConversation talk = new(s_adaptive);
        new RpcNeighbours(talk, 10).Join();
        int told = 0;
        talk.Node.IdentityChanged = () => told++;
        talk.Pass(TimeSpan.FromMinutes(19));
        (talk.Node.IsPersistent, talk.Sent.Any(sent => sent.Read().HasId)).ShouldBe((false, false));

        talk.Pass(TimeSpan.FromMinutes(2));
        (talk.Node.IsPersistent, talk.Node.Id, talk.Node.External, told).ShouldBe((true, IdOf(Home), Home, 1));

        // The table is laid out around the new id, and the new neighbours hear of us: from the server socket, with the id.
        (talk.Node.Table.Self, talk.Node.Table.Count).ShouldBe((IdOf(Home), 10));
        RpcSent refresh = talk.Sent.First(sent => sent.IsRequest && sent.Read().HasId);
        (refresh.Socket, refresh.Read().Id, refresh.Read().Target).ShouldBe(((byte)0, IdOf(Home), IdOf(Home)));
        talk.Ask(Request(RpcInternalCommand.Ping), At(99)).ShouldNotBeNull().Read().Id.ShouldBe(IdOf(Home));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    public void Three_of_five_have_to_reach_the_server_socket(int reaching, bool becomesPersistent)
    {
        RpcConversation talk = new(s_adaptive);
        RpcNeighbours network = new(talk, 5);
        network.Reaches = node => Array.IndexOf(network.All, node) < reaching;
        network.Join();
        talk.Pass(TimeSpan.FromHours(3));
        talk.Node.IsPersistent.ShouldBe(becomesPersistent);
    }

    [Fact]
    public void A_nat_that_shows_each_node_another_port_is_never_checked()
    {
        RpcConversation talk = new(s_adaptive);
        RpcNeighbours network = new(talk, 10) { Reaches = _ => false };
        network.Sees = (node, _) => Home.WithPort((ushort)(1_000 + Array.IndexOf(network.All, node)));
        network.Join();
        int before = Backs(talk);
        talk.Pass(TimeSpan.FromHours(3));
        (talk.Node.IsPersistent, talk.Node.External, Backs(talk)).ShouldBe((false, Home.WithPort(0), before));
    }

    [Fact]
    public void Whoever_was_told_to_stay_ephemeral_stays_so()
    {
        RpcConversation talk = new(new RpcSettings());
        new RpcNeighbours(talk, 10).Join();
        talk.Pass(TimeSpan.FromHours(3));
        (talk.Node.IsPersistent, Backs(talk), talk.Sent.Any(sent => sent.Read().HasId)).ShouldBe((false, 0, false));
    }

    [Fact]
    public void A_quick_success_at_the_start_opens_the_server_socket_but_gives_no_id()
    {
        RpcConversation talk = new(s_adaptive);
        new RpcNeighbours(talk, 10).Join();
        talk.Node.IsFirewalled.ShouldBeTrue();
        talk.Pass(TimeSpan.FromSeconds(10));
        (talk.Node.IsFirewalled, talk.Node.IsPersistent).ShouldBe((false, false));
        DirectQuery query = new();
        talk.Node.Start(query, Question.Ping, RpcContact.FromEndpoint(At(3)), 1, talk.Now);
        talk.Drain();
        RpcSent ping = talk.Sent.Last(sent => sent.IsRequest && sent.To == At(3));
        (ping.Socket, ping.Read().HasId, query.Outcome).ShouldBe(((byte)0, false, DirectOutcome.Answered));
    }

    [Fact]
    public void A_node_that_is_to_be_persistent_takes_the_address_that_others_tell_without_a_proof()
    {
        RpcConversation talk = new(new RpcSettings { IsForced = true });
        new RpcNeighbours(talk, 10) { Reaches = _ => false }.Join();
        talk.Pass(TimeSpan.FromSeconds(6));
        (talk.Node.IsPersistent, talk.Node.Id).ShouldBe((true, IdOf(Home)));
    }

    [Fact]
    public void After_a_sleep_nothing_is_taken_for_granted()
    {
        RpcConversation talk = new(s_adaptive);
        RpcNeighbours network = new(talk, 10);
        network.Join();
        talk.Pass(TimeSpan.FromMinutes(21));
        talk.Node.IsPersistent.ShouldBeTrue();

        talk.Sleep(TimeSpan.FromSeconds(14));
        talk.Node.IsPersistent.ShouldBeTrue();
        int before = talk.Sent.Count;
        network.Silent.UnionWith(network.All.Skip(5));
        talk.Sleep(TimeSpan.FromSeconds(21));
        talk.Node.IsPersistent.ShouldBeFalse();
        talk.Pass(TimeSpan.FromMinutes(5));

        // Each was looked at, and those who are gone have left.
        talk.Sent.Skip(before).Where(sent => sent.IsRequest).Select(sent => sent.To).Distinct().Count().ShouldBe(10);
        talk.Node.Table.Entries.Where(entry => entry.Failures == 0).Select(entry => entry.Contact.Endpoint).ShouldBe(network.All.Take(5), ignoreOrder: true);
        talk.Pass(TimeSpan.FromMinutes(50));
        talk.Node.IsPersistent.ShouldBeFalse();
        talk.Pass(TimeSpan.FromMinutes(15));
        talk.Node.IsPersistent.ShouldBeTrue();
    }

    [Fact]
    public void Whose_address_has_changed_gives_the_id_up_and_earns_another()
    {
        RpcConversation talk = new(s_adaptive);
        RpcNeighbours network = new(talk, 10);
        network.Join();
        talk.Pass(TimeSpan.FromMinutes(21));
        talk.Node.Id.ShouldBe(IdOf(Home));

        UdpEndpoint moved = At(200);
        network.Sees = (_, socket) => moved.WithPort(socket == 0 ? Home.Port : Client.Port);
        talk.Pass(TimeSpan.FromMinutes(16));
        talk.Node.Id.ShouldNotBe(IdOf(Home));
        talk.Pass(TimeSpan.FromMinutes(21));
        (talk.Node.IsPersistent, talk.Node.Id).ShouldBe((true, IdOf(moved.WithPort(Home.Port))));
    }

    [Fact]
    public void Two_liars_among_many_do_not_cost_the_id()
    {
        RpcConversation talk = new(s_adaptive);
        RpcNeighbours network = new(talk, 12);
        network.Sees = (node, socket) => Array.IndexOf(network.All, node) < 2 && talk.Node.IsPersistent ? At(200) : socket == 0 ? Home : Client;
        network.Join();
        talk.Pass(TimeSpan.FromHours(5));
        (talk.Node.IsPersistent, talk.Node.Id).ShouldBe((true, IdOf(Home)));
    }

    [Fact]
    public void A_prefix_has_one_vote_however_many_nodes_it_runs()
    {
        RpcConversation talk = new(new RpcSettings { IsAdaptive = true, Diversity = true });
        RpcNeighbours network = new(talk, 3);
        network.Join();
        talk.Node.External.ShouldNotBeNull().Host.ShouldBe(Home.Host);

        // A liar with many ports and hosts of one /24 answers all that it is asked.
        talk.Network = null;
        for (int i = 1; i < 200; i++)
        {
            UdpEndpoint liar = UdpEndpoint.FromIPv4(0x2E00_0000 + (uint)i, 7);
            talk.Node.Start(new DirectQuery(), Question.Ping, RpcContact.FromEndpoint(liar), 1, talk.Now);
            talk.Drain();
            talk.Deliver(Response(talk.Sent[^1], IdOf(liar), to: At(250)), liar, talk.Sent[^1].Socket);
        }

        talk.Node.External.ShouldNotBeNull().Host.ShouldBe(Home.Host);
    }

    [Fact]
    public void An_address_that_is_none_is_not_believed()
    {
        RpcConversation talk = new(s_adaptive);
        new RpcNeighbours(talk, 10) { Sees = (_, _) => UdpEndpoint.FromIPv4(0x7F000001, 1) }.Join();
        talk.Pass(TimeSpan.FromHours(1));
        (talk.Node.External, talk.Node.IsPersistent).ShouldBe((null, false));
    }

    [Fact]
    public void Health_follows_the_network()
    {
        RpcConversation talk = new();
        RpcNeighbours network = new(talk, 20);
        network.Join();
        talk.Pass(TimeSpan.FromSeconds(5));
        talk.Node.Health.ShouldBe(RpcHealth.Online);
        talk.Pass(TimeSpan.FromSeconds(25));
        talk.Node.Health.ShouldBe(RpcHealth.Idle);

        network.Silent.UnionWith(network.All);
        talk.Node.JoinAgain(() => { }, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(15));
        talk.Node.Health.ShouldBe(RpcHealth.Offline);
    }

    private static int Backs(RpcConversation talk) =>
        talk.Sent.Count(sent => sent.IsRequest && sent.Read().IsInternal && sent.Read().Command == (uint)RpcInternalCommand.PingNat);
}
