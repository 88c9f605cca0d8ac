using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M107, M109: <c>node.advertise(infohash, port)</c>, and what others learn of us by it.</summary>
public sealed class AdvertiseTests
{
    [Fact]
    public async Task What_is_advertised_is_found_elsewhere_with_the_port_that_was_announced()
    {
        await using Devnet devnet = await Devnet.StartAsync(5);
        Key160 infoHash = Devnet.RandomKey();
        await using Advertisement advertisement = devnet[3].Advertise(infoHash, 4_242);
        (await advertisement.WaitForFirstAsync(Devnet.Guard())).ShouldBe(4);
        (await devnet[1].PeersAsync(infoHash)).ShouldBe([devnet[3].Endpoint().WithPort(4_242)]);
        devnet[3].Status().Advertisements.ShouldBe(1);
    }

    [Fact]
    public async Task Port_0_announces_the_nodes_own_udp_port()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        Key160 infoHash = Devnet.RandomKey();
        (await devnet[2].AnnouncePeerAsync(infoHash, 0, cancellationToken: Devnet.Guard())).Commit.Stored.ShouldBe(3);
        (await devnet[0].PeersAsync(infoHash)).ShouldBe([devnet[2].Endpoint()]);
    }

    [Fact]
    public async Task It_announces_again_after_its_interval_until_it_is_disposed()
    {
        ShiftedTimeProvider time = new();
        await using StubNode stub = new(20, query => query.Method == "announce_peer" ? "" : "5:nodes0:5:token4:tokn");
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(21, stub.Endpoint.ToString()), timeProvider: time);
        Key160 infoHash = Devnet.RandomKey();
        Advertisement advertisement = node.Advertise(infoHash, 4_242);
        (await advertisement.WaitForFirstAsync(Devnet.Guard())).ShouldBe(1);
        (await stub.NextAsync("announce_peer")).Text.ShouldContain("4:porti4242e5:token4:tokn");
        int minutes = 0;
        for (int round = 0; round < 3; minutes++)
        {
            await node.QuietAsync(stub.Endpoint);
            while (stub.Queries.TryRead(out StubQuery? query))
            {
                round += query.Method == "announce_peer" ? 1 : 0;
            }

            time.Advance(TimeSpan.FromMinutes(1));
        }

        // Three times 15 minutes, each a tenth more or less, and a minute until it is seen.
        minutes.ShouldBeInRange(20, 60);
        await node.QuietAsync(stub.Endpoint);

        await advertisement.DisposeAsync();
        node.Status().Advertisements.ShouldBe(0);
        time.Advance(TimeSpan.FromHours(1));
        for (int i = 0; i < 3; i++)
        {
            await node.PingAsync(stub.Endpoint, Devnet.Guard());
        }

        while (stub.Queries.TryRead(out StubQuery? query))
        {
            query.Method.ShouldNotBe("announce_peer");
        }
    }

    [Fact]
    public async Task Waiting_for_the_first_round_ends_with_the_advertisement_and_with_the_node()
    {
        await using StubNode mute = new(22, _ => null);
        MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(23, mute.Endpoint.ToString()));

        // More than run at once, so that the last have not begun.
        List<Advertisement> many = [.. Enumerable.Range(0, 40).Select(_ => node.Advertise(Devnet.RandomKey(), 1))];
        Task<int> first = many[38].WaitForFirstAsync(Devnet.Guard());
        Task<int> second = many[39].WaitForFirstAsync(Devnet.Guard());
        await many[38].DisposeAsync();
        await Should.ThrowAsync<OperationCanceledException>(first.Guarded());
        await node.DisposeAsync();
        await Should.ThrowAsync<OperationCanceledException>(second.Guarded());
        Should.Throw<ObjectDisposedException>(() => node.Advertise(Devnet.RandomKey(), 1));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(65_536)]
    public async Task A_port_that_is_none_is_refused(int port)
    {
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(24));
        Should.Throw<ArgumentOutOfRangeException>(() => node.Advertise(default, port));
    }

    [Fact]
    public async Task A_thousand_advertisements_may_stand_at_once_and_go_again()
    {
        await using Devnet devnet = await Devnet.StartAsync(2);
        List<Advertisement> many = [.. Enumerable.Range(0, 1_000).Select(_ => devnet[0].Advertise(Devnet.RandomKey(), 1))];
        devnet[0].Status().Advertisements.ShouldBe(1_000);
        foreach (Advertisement one in many)
        {
            await one.DisposeAsync();
        }

        devnet[0].Status().Advertisements.ShouldBe(0);
        devnet[0].Status().ActiveLookups.ShouldBe(0);
    }
}
