using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using static Kadstone.Hyperswarm.Tests.Core.Records.StoringNode;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>What everybody asks all the time costs no garbage, and a full table no more memory than it should.</summary>
public sealed class RecordAllocationTests
{
    private readonly byte[] _buffer = new byte[2_048];

    [Fact]
    public void A_lookup_a_find_peer_and_a_known_immutable_value_are_answered_without_allocating()
    {
        StoringNode node = new(settings: HostileStoreTests.Unlimited);
        for (int owner = 0; owner < 50; owner++)
        {
            node.TryAnnounce(owner, relays: [At(1), At(2), At(3)]).ShouldBeTrue();
        }

        node.TryAnnounce(1, HyperHash.Of(PublicKey(1)));
        byte[] value = new byte[ImmutableValue.MaxLength];
        node.Commands.Remember(HyperHash.Of(value), value, node.Talk.Now);
        byte[][] requests =
        [
            Request((uint)HyperCommand.Lookup, target: Topic),
            Request((uint)HyperCommand.Lookup, target: new(8, 8)),
            Request((uint)HyperCommand.FindPeer, target: HyperHash.Of(PublicKey(1))),
            Request((uint)HyperCommand.ImmutableGet, target: HyperHash.Of(value)),
        ];
        foreach (byte[] request in requests)
        {
            Answer(node, request, 200);
            long before = GC.GetAllocatedBytesForCurrentThread();
            int answers = Answer(node, request, 1_000);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            (answers, allocated).ShouldBe((1_000, 0));
        }
    }

    [Fact]
    public void A_full_table_of_single_topics_takes_less_than_24_megabytes()
    {
        HyperLimits limits = new() { PerSource = null };
        long before = GC.GetAllocatedBytesForCurrentThread();
        TopicTable table = new(limits, new SecretKeyComparer(new Random(1)), new Random(1));
        long kept = GC.GetTotalMemory(forceFullCollection: true);
        KeptPeer peer = new(new HyperPeer(PublicKey(1), default));
        for (int i = 0; i < limits.Records + 100; i++)
        {
            table.Announce(new(0, (UInt128)i), peer, At(i), 0, default);
        }

        kept = GC.GetTotalMemory(forceFullCollection: true) - kept;
        (table.RecordCount, table.TopicCount, table.Admissions(RecordAdmission.RefusedFull)).ShouldBe((65_536, 65_536, 100L));
        kept.ShouldBeLessThan(24L << 20);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(64L << 20);
    }

    private int Answer(StoringNode node, byte[] request, int times)
    {
        int answers = 0;
        for (int i = 0; i < times; i++)
        {
            node.Talk.Node.Receive(request, At(1), 0, node.Talk.Now);
            answers += node.Talk.Node.TryTransmit(_buffer, node.Talk.Now, out _) ? 1 : 0;
        }

        return answers;
    }
}
