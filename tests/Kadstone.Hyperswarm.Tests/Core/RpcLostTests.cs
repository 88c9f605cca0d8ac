using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>Those who fell silent: they lead back into a network that was lost, and are not called without end.</summary>
public sealed class RpcLostTests
{
    private readonly RpcConversation _talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None });
    private readonly RpcNeighbours _network;

    public RpcLostTests()
    {
        _network = new RpcNeighbours(_talk, 16);
        _network.Join();
    }

    [Fact]
    public void One_who_comes_back_leads_to_those_that_we_do_not_know()
    {
        // The half that goes away is forgotten, while the other half lives on.
        UdpEndpoint[] away = _network.All[8..];
        _network.Silent.UnionWith(away);
        _talk.Pass(TimeSpan.FromHours(2));
        Known(away).ShouldBe(0);
        _talk.Node.Lost.Select(contact => contact.Endpoint).ShouldBe(away, ignoreOrder: true);
        int before = _talk.Sent.Count;

        // Only one of them is asked in a minute; whoever it is names the others.
        _network.Silent.Clear();
        _talk.Pass(TimeSpan.FromSeconds(61));
        Known(away).ShouldBe(away.Length);
        _talk.Node.Lost.ShouldBeEmpty();
        _talk.Sent.Skip(before).Count(sent => sent.IsRequest).ShouldBeLessThanOrEqualTo(80);
    }

    [Fact]
    public void Of_the_lost_one_a_minute_is_asked_once()
    {
        UdpEndpoint gone = _network.All[10];
        _network.Silent.Add(gone);
        _talk.Pass(TimeSpan.FromHours(2));
        _talk.Node.Lost.Single().Endpoint.ShouldBe(gone);
        int before = _talk.Sent.Count;
        _talk.Pass(TimeSpan.FromMinutes(10));
        _talk.Sent.Skip(before).Count(sent => sent.IsRequest && sent.To == gone && sent.Read() is { IsInternal: true, Command: (uint)RpcInternalCommand.FindNode, Target: var target } && target == _talk.Node.Id)
            .ShouldBe(10);
    }

    [Fact]
    public void When_nobody_answers_a_few_are_called_each_half_minute_and_each_has_its_turn()
    {
        _network.Silent.UnionWith(_network.All);
        _talk.Pass(TimeSpan.FromHours(4));
        _talk.Node.Table.Count.ShouldBe(0);
        int before = _talk.Sent.Count;
        _talk.Pass(TimeSpan.FromHours(1));
        RpcSent[] calls = [.. _talk.Sent.Skip(before)];

        // The bootstrap node and three others, three times each; the few refreshes of an hour do the same.
        calls.Length.ShouldBeInRange(120 * 3, 150 * 4 * 3);
        calls.Select(call => call.To).Distinct().Count().ShouldBe(16);

        // A query of the caller's own is no louder.
        before = _talk.Sent.Count;
        Walk walk = _talk.Node.Start(new WalkPlan(Question.FindNode(default), default), _talk.Now);
        _talk.Drain();
        _talk.Sent.Skip(before).Select(sent => sent.To).Distinct().Count().ShouldBeLessThanOrEqualTo(4);
        walk.IsFinished.ShouldBeFalse();
    }

    [Fact]
    public void The_first_join_calls_all_that_were_saved()
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true });
        foreach (int i in Enumerable.Range(1, 50))
        {
            talk.Node.AddSaved(At(i));
        }

        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(5));
        talk.Sent.Select(sent => sent.To).Distinct().Count().ShouldBe(50);
    }

    private int Known(UdpEndpoint[] endpoints) => endpoints.Count(endpoint => _talk.Node.Table.Contains(RpcContact.FromEndpoint(endpoint)));
}
