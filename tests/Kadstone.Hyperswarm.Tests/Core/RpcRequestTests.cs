using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>What a node asks.</summary>
public sealed class RpcRequestTests
{
    [Fact]
    public void A_persistent_node_asks_from_its_server_socket_with_its_id_and_an_ephemeral_one_from_the_other_without()
    {
        foreach (bool isPersistent in (bool[])[true, false])
        {
            RpcConversation talk = new(new RpcSettings { IsPersistent = isPersistent });
            talk.Node.AddBootstrap(At(1), talk.Now);
            talk.Node.Join(talk.Now);
            talk.Drain();
            RpcSent sent = talk.Sent.Single();
            RpcMessage request = sent.Read();
            (sent.To, sent.Socket, request.To, request.HasId, request.Target).ShouldBe((At(1), (byte)(isPersistent ? 0 : 1), At(1), isPersistent, talk.Node.Id));
        }
    }

    [Fact]
    public void Silence_is_asked_again_under_the_same_number_and_the_join_is_tried_again()
    {
        RpcConversation talk = new();
        talk.Node.AddBootstrap(At(1), talk.Now);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(10));
        talk.Sent.Take(3).Select(sent => sent.Read().Transaction).Distinct().Count().ShouldBe(1);
        talk.Node.HasJoined.ShouldBeTrue();
        talk.Pass(TimeSpan.FromMinutes(1));
        talk.Sent.Count.ShouldBeInRange(6, 30);
    }

    [Fact]
    public void At_most_sixty_four_requests_are_open_to_an_endpoint()
    {
        RpcConversation talk = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None });
        DirectQuery[] queries = [.. Enumerable.Range(0, 65).Select(_ => new DirectQuery())];
        foreach (DirectQuery query in queries)
        {
            talk.Node.Start(query, Question.Ping, RpcContact.FromEndpoint(At(1)), 1, talk.Now);
        }

        queries.Select(query => query.Outcome).ShouldBe([.. Enumerable.Repeat(DirectOutcome.Open, 64), DirectOutcome.NotSent]);
        talk.Pass(TimeSpan.FromSeconds(10));
        queries.Take(64).ShouldAllBe(query => query.Outcome == DirectOutcome.Silent);
    }

    [Fact]
    public void Nobody_asks_itself_or_an_address_out_of_scope()
    {
        RpcConversation talk = new();
        foreach (UdpEndpoint endpoint in (UdpEndpoint[])[Home, Home.WithPort(40_000), UdpEndpoint.FromIPv4(0x7F000001, 1), UdpEndpoint.FromIPv6(1, 1, 1)])
        {
            talk.Node.AddBootstrap(endpoint, talk.Now);
        }

        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromMinutes(2));
        talk.Sent.ShouldBeEmpty();
        talk.Node.HasJoined.ShouldBeTrue();
    }
}
