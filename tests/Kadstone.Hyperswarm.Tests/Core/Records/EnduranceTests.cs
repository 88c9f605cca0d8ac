using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>Bars 25, 33 and 34: floods of records, a clock that leaps, and hours under load leave bounds as they are.</summary>
public sealed class EnduranceTests(ITestOutputHelper output)
{
    [Fact]
    public void A_flood_of_announces_takes_nobodys_place() => Flood(100_000);

    [Fact, Trait("Category", "Bars")]
    public void A_million_announces_take_nobodys_place() => Flood(1_000_000);

    [Fact]
    public void Minutes_at_five_hundred_requests_a_second_leave_nothing_behind() => Load(minutes: 2);

    [Fact, Trait("Category", "Bars")]
    public void An_hour_at_five_hundred_requests_a_second_leaves_nothing_behind() => Load(minutes: 60);

    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void After_a_leap_of_the_clock_a_node_asks_less_than_twice_for_each_contact(int hours)
    {
        RpcConversation talk = new();
        RpcNeighbours network = new(talk, 100);
        int before = talk.Sent.Count;
        network.Join();
        talk.Pass(TimeSpan.FromMinutes(1));
        int joining = talk.Sent.Count - before;
        talk.Pass(TimeSpan.FromHours(1));
        int contacts = talk.Node.Table.Count;

        before = talk.Sent.Count;
        talk.Sleep(TimeSpan.FromHours(hours));
        talk.Pass(TimeSpan.FromMinutes(1));
        int after = talk.Sent.Count - before;
        output.WriteLine($"{joining} packets in the minute of joining, {after} in the minute after {hours} h; {contacts} contacts, then {talk.Node.Table.Count}");
        after.ShouldBeLessThan(2 * contacts);
        talk.Node.Table.Count.ShouldBeGreaterThanOrEqualTo(contacts, "nobody is lost by a leap");
    }

    private void Flood(int announces)
    {
        Random chance = new(3);
        TopicTable topics = new(new HyperLimits(), new SecretKeyComparer(chance), chance);
        Instant now = new(TimeSpan.FromHours(1).Ticks);
        Key256[] older = [.. Enumerable.Range(0, 1_000).Select(_ => Keyspace.Random<Key256>(chance))];
        for (int i = 0; i < older.Length; i++)
        {
            topics.Announce(older[i], PeerOf(older[i]), At(i), 0, now).ShouldBe(RecordAdmission.Added);
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < announces; i++)
        {
            // From 50 prefixes of 256 hosts each, and never the same topic.
            UdpEndpoint source = UdpEndpoint.FromIPv4(0x50000000 + (uint)(i % 12_800), (ushort)(1 + (i % 60_000)));
            Key256 topic = Keyspace.Random<Key256>(chance);
            topics.Announce(topic, PeerOf(topic), source, 0, now + TimeSpan.FromMilliseconds(i / 1_000.0));
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        int kept = older.Count(topic => topics.Refresh(topic, topic, now + TimeSpan.FromMinutes(10)));
        output.WriteLine($"{announces:N0} announces: {topics.RecordCount} records, {grown / 1024.0 / 1024:F1} MiB, of the older {kept / (double)older.Length:P1} kept");
        kept.ShouldBe(older.Length);
        topics.RecordCount.ShouldBeLessThanOrEqualTo(65_536);
        grown.ShouldBeLessThan(64 << 20);
    }

    private void Load(int minutes)
    {
        RpcConversation talk = new() { Keeps = false };
        HyperCommands commands = new(talk.Node, new HyperLimits(), new Random(2));
        talk.Node.Service = commands;
        Random chance = new(4);
        byte[][] requests =
        [
            .. Enumerable.Range(0, 50).Select(_ => Request(RpcInternalCommand.FindNode, target: Keyspace.Random<Key256>(chance))),
            .. Enumerable.Range(0, 50).Select(_ => Request((uint)HyperCommand.Lookup, target: Keyspace.Random<Key256>(chance))),
        ];
        void Minute()
        {
            for (int i = 0; i < 30_000; i++)
            {
                talk.Node.Receive(requests[chance.Next(requests.Length)], At(chance.Next(60_000)), 0, talk.Now);
                talk.Drain();
                if (i % 500 == 499)
                {
                    talk.Pass(TimeSpan.FromSeconds(1));
                }
            }
        }

        // Ten minutes fill what counts sources; from then on nothing grows.
        for (int i = 0; i < Math.Min(10, minutes); i++)
        {
            Minute();
        }

        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < minutes; i++)
        {
            Minute();
        }

        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        talk.Pass(TimeSpan.FromMinutes(1));
        output.WriteLine($"{minutes} minutes: {grown / 1024.0:F0} KiB, {talk.Node.OpenRequests} requests open, {talk.Node.Counters.Requests:N0} answered or counted");
        grown.ShouldBeLessThan(1 << 20);
        talk.Node.OpenRequests.ShouldBe(0);
    }

    private static KeptPeer PeerOf(Key256 topic)
    {
        byte[] publicKey = new byte[32];
        topic.Write(publicKey);
        return new KeptPeer(new HyperPeer(publicKey, RpcEndpoints.Pack([At(1), At(2), At(3)], new byte[18])));
    }
}
