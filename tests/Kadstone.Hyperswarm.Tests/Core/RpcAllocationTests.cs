using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>What everybody asks all the time costs no garbage.</summary>
public sealed class RpcAllocationTests
{
    private readonly byte[] _buffer = new byte[2_048];

    [Fact]
    public void A_ping_and_a_find_node_are_answered_without_allocating()
    {
        RpcProtocol node = new(new RpcSettings { IsPersistent = true, Limits = RateLimits.None }, [Home], new Random(1), default);
        byte[][] requests =
        [
            Request(RpcInternalCommand.Ping),
            Request(RpcInternalCommand.FindNode, target: new Key256(1, 2)),
            Request(17, target: new Key256(1, 2)),
        ];
        foreach (byte[] request in requests)
        {
            Answer(node, request, 200).ShouldBe(200);
            Allocations.Least(() => Answer(node, request, 1_000)).ShouldBe(0);
        }
    }

    private int Answer(RpcProtocol node, byte[] request, int times)
    {
        int answers = 0;
        for (int i = 0; i < times; i++)
        {
            node.Receive(request, At(1), 0, default);
            answers += node.TryTransmit(_buffer, default, out _) ? 1 : 0;
        }

        return answers;
    }
}
