using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>BEP 43: nodes that only ask, and when we are one.</summary>
public sealed class ReadOnlyTests
{
    private static readonly CoreSettings s_adaptive = Conversation.Open with { Serving = ServingMode.Adaptive };

    [Fact]
    public void A_read_only_sender_is_served_but_neither_pinged_nor_admitted()
    {
        Conversation talk = new();
        for (int i = 0; i < 100; i++)
        {
            talk.Ask(Krpc.ReadOnlyQuery("ping", talk.NewKey()), Conversation.At(i)).ShouldNotBeNull();
        }

        talk.Sent.ShouldAllBe(packet => !packet.IsQuery);
        talk.Local.Table.Count.ShouldBe(0);
    }

    [Fact]
    public void A_contact_that_turns_read_only_leaves_the_table()
    {
        Conversation talk = new();
        NodeContact contact = new(talk.NewKey(), Conversation.At(1));
        talk.Befriend(contact);
        talk.Local.Table.Contains(contact).ShouldBeTrue();
        talk.Deliver(Krpc.ReadOnlyQuery("ping", contact.Id), contact.Endpoint);
        talk.Pass(TimeSpan.FromSeconds(15));
        talk.Local.Table.Contains(contact).ShouldBeFalse();
        talk.Ask("find_node", Conversation.At(2), ("target", contact.Id)).Nodes.ShouldBeEmpty();
    }

    [Fact]
    public void A_forged_read_only_flag_costs_a_living_contact_nothing()
    {
        Conversation talk = new();
        Neighbours network = new(talk, 1);
        NodeContact contact = network.All[0];
        talk.Befriend(contact);
        for (int i = 0; i < 100; i++)
        {
            talk.Deliver(Krpc.ReadOnlyQuery("ping", contact.Id), contact.Endpoint);
            talk.Pass(TimeSpan.FromSeconds(1));
        }

        talk.Local.Table.Contains(contact).ShouldBeTrue();
        talk.Sent.Count(packet => packet.IsQuery && packet.Method == "ping" && packet.To == contact.Endpoint).ShouldBeLessThanOrEqualTo(4, "a look a minute");
    }

    [Fact]
    public void A_read_only_node_answers_nobody_and_says_so_in_its_queries()
    {
        Conversation talk = new(Conversation.Open with { Serving = ServingMode.ReadOnly });
        Neighbours network = new(talk, 30);
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(100)).ShouldBeNull();
        talk.Node.AddSaved(network.All.Take(4));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromHours(3));
        talk.Sent.ShouldNotBeEmpty();
        talk.Sent.ShouldAllBe(packet => packet.IsQuery && packet.Message.ContainsKey("ro"));
    }

    [Fact]
    public void An_adaptive_node_serves_as_soon_as_a_stranger_reaches_it()
    {
        Conversation talk = new(s_adaptive);
        talk.Node.Reachability.IsReadOnly.ShouldBeTrue();
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(1)).ShouldNotBeNull();
        talk.Node.Reachability.IsReadOnly.ShouldBeFalse();
    }

    [Fact]
    public void A_query_from_whom_we_asked_proves_nothing()
    {
        Conversation talk = new(s_adaptive);
        Neighbours network = new(talk, 30);
        talk.Node.AddSaved(network.All);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(10));
        foreach (UdpEndpoint asked in talk.Sent.Select(packet => packet.To).Distinct().ToArray())
        {
            talk.Ask(Krpc.Query("ping", Conversation.IdOf(asked)), asked).ShouldBeNull();
        }

        talk.Node.Reachability.IsReadOnly.ShouldBeTrue();
    }

    [Fact]
    public void Probation_comes_only_while_voters_see_one_port()
    {
        TimeSpan wait = TimeSpan.FromMinutes(5.5);
        ServesAfter(wait, _ => UdpEndpoint.FromIPv4(0x05060708, 6881)).ShouldBeTrue();
        ServesAfter(wait, voter => UdpEndpoint.FromIPv4(0x05060708, (ushort)(10_000 + voter))).ShouldBeFalse();
    }

    [Fact]
    public void Who_is_proven_reachable_stays_so_when_the_voters_first_agree_on_its_address()
    {
        Conversation talk = new(s_adaptive);
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(1)).ShouldNotBeNull();
        for (int i = 0; talk.Local.Votes.Agreed is null; i++)
        {
            talk.Befriend(new NodeContact(talk.NewKey(), Conversation.At(100 + i)), seen: Conversation.Home);
        }

        talk.Local.Votes.Agreed.ShouldBe(Conversation.Home);
        talk.Node.Reachability.IsReadOnly.ShouldBeFalse();
    }

    [Fact]
    public void After_a_change_of_address_reachability_is_proven_anew_and_not_by_whom_we_asked_before()
    {
        Conversation talk = new(s_adaptive);
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(1)).ShouldNotBeNull();
        Vote(talk, 100, Conversation.Home);
        Vote(talk, 200, UdpEndpoint.FromIPv4(0x0B0C0D0E, 6881));
        talk.Node.Reachability.IsReadOnly.ShouldBeTrue();
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(100)).ShouldBeNull();
        talk.Ask(Krpc.Query("ping", talk.NewKey()), Conversation.At(5_000)).ShouldNotBeNull();
    }

    // Each voter is asked and answers, until they agree.
    private static void Vote(Conversation talk, int firstVoter, UdpEndpoint seen)
    {
        for (int i = firstVoter; talk.Local.Votes.Agreed != seen; i++)
        {
            talk.Befriend(new NodeContact(talk.NewKey(), Conversation.At(i)), seen: seen);
        }
    }

    private static bool ServesAfter(TimeSpan wait, Func<int, UdpEndpoint> seenBy)
    {
        Conversation talk = new(s_adaptive);
        Neighbours network = new(talk, 40);
        int voter = 0;
        Dictionary<UdpEndpoint, int> voters = [];
        talk.Network = packet =>
        {
            voters.TryAdd(packet.To, voter++);
            NodeContact self = network.All.Single(contact => contact.Endpoint == packet.To);
            talk.Post(
                Krpc.ResponseTo(seenBy(voters[packet.To]), packet.Transaction, self.Id, ("nodes", Krpc.Nodes(network.Closest(self.Id)))),
                packet.To,
                TimeSpan.FromMilliseconds(50));
        };
        talk.Node.AddSaved(network.All);
        talk.Node.Join(talk.Now);
        talk.Pass(wait);
        return talk.Node.Reachability.IsServing;
    }
}
