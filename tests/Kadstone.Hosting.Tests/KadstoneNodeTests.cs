using System.Net;
using System.Net.Sockets;
using Kadstone.Storage;

namespace Kadstone.Hosting.Tests;

public sealed class KadstoneNodeTests(SmallNetworks networks) : IClassFixture<SmallNetworks>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_networks_have_one_identity_file_one_store_and_answer()
    {
        using TemporaryFolder folder = new();
        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(folder["data"], 2), cancellationToken: Cancellation);
        node.Networks.Select(network => network.Network).ShouldBe(["mainline", "hyperswarm", "ipfs"]);
        foreach (NetworkNode network in node.Networks)
        {
            (await network.WaitForNetworkAsync(Cancellation)).ShouldBeGreaterThan(0, network.Network);
        }

        IReadOnlyDictionary<string, int> answers = await node.ProbeAsync(Cancellation);
        answers.Keys.ShouldBe(["mainline", "hyperswarm", "ipfs"], ignoreOrder: true);
        answers.Values.ShouldAllBe(count => count > 0);
        node.StoreName.ShouldBe("sqlite");
        node.TrySave().ShouldBeTrue();
        Directory.GetFiles(folder["data"]).Select(Path.GetFileName).Where(file => !file!.Contains("-wal", StringComparison.Ordinal) && !file.Contains("-shm", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .ShouldBe(["hyper.json", "ipfs.json", "key", "lock", "node.sqlite", "state.json"]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(folder["data"], "key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task Who_we_are_outlives_the_process_and_each_network_has_a_key_of_its_own()
    {
        using TemporaryFolder folder = new();
        string[] first = await KeysAsync(folder["data"], 3);
        string[] second = await KeysAsync(folder["data"], 3);
        second.ShouldBe(first);
        first.Distinct().Count().ShouldBe(3);
        (await KeysAsync(folder["other"], 3)).ShouldNotContain(key => first.Contains(key));
    }

    [Fact]
    public void The_networks_keys_are_derived_as_documented()
    {
        KadstoneIdentity identity = KadstoneIdentity.FromSeed(Convert.FromHexString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"));

        // RFC 5869 worked out with the HMAC of another language's library.
        Convert.ToHexStringLower(identity.HyperswarmSeed.Span).ShouldBe("6c568eac38c9108f32bbdcf4db0d136a69412af92ee8d1fe6d2d48cffefac03d");
        Convert.ToHexStringLower(identity.IpfsSeed.Span).ShouldBe("6029ebd9963ec657b3999a5ec9c3cc1783c7c584852582aefce4e59c21e0c105");
        Convert.ToHexStringLower(identity.MainlineSeed.Span).ShouldBe("9e639de859b3b5b1c4b366f68353ffed355a3dee157fdc945474a16715e396ac");
    }

    [Fact]
    public async Task Contacts_of_the_run_before_are_met_without_a_bootstrap()
    {
        using TemporaryFolder folder = new();
        await using (KadstoneNode before = await KadstoneNode.CreateAsync(networks.Options(folder["data"], 4), cancellationToken: Cancellation))
        {
            foreach (NetworkNode network in before.Networks)
            {
                await network.WaitForNetworkAsync(Cancellation);
            }

            before.TrySave().ShouldBeTrue();
        }

        KadstoneOptions options = networks.Options(folder["data"], 4);
        options.Mainline = options.Mainline! with { Bootstrap = [] };
        options.Hyperswarm = options.Hyperswarm! with { Bootstrap = [] };
        options.Ipfs = options.Ipfs! with { Bootstrap = [] };
        await using KadstoneNode after = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation);
        foreach (NetworkNode network in after.Networks)
        {
            (await network.WaitForNetworkAsync(Cancellation)).ShouldBeGreaterThan(0, network.Network);
        }
    }

    [Fact]
    public async Task A_state_that_cannot_be_read_is_put_aside()
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["data"]);
        foreach (string file in (string[])["state.json", "hyper.json", "ipfs.json"])
        {
            await File.WriteAllTextAsync(Path.Combine(folder["data"], file), "{ \"version\": 99 }", Cancellation);
        }

        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(folder["data"], 5), cancellationToken: Cancellation);
        Directory.GetFiles(folder["data"], "*.bad").Length.ShouldBe(3);
        node.TrySave().ShouldBeTrue();
    }

    [Fact]
    public async Task A_folder_has_one_process()
    {
        using TemporaryFolder folder = new();
        KadstoneOptions options = networks.Options(folder["data"], 6);
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation);
        new DaemonFile(4711, null, null).Write(folder["data"]);
        KadstoneSetupException refused = await Should.ThrowAsync<KadstoneSetupException>(() => KadstoneNode.CreateAsync(networks.Options(folder["data"], 7), cancellationToken: Cancellation));
        refused.Setting.ShouldBe("Kadstone:DataFolder");
        refused.Message.ShouldContain("process 4711");
    }

    [Fact]
    public async Task What_cannot_be_opened_is_named_and_nothing_stays_open()
    {
        using TemporaryFolder folder = new();
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(SmallNetworks.Own(8), 0));
        int port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        using TcpListener takenTcp = new(SmallNetworks.Own(8), 0);
        takenTcp.Start();
        foreach ((string setting, string quotes, Action<KadstoneOptions> change) in ((string, string, Action<KadstoneOptions>)[])
        [
            ("Kadstone:Mainline:Port", $"{port}", options => options.Mainline = options.Mainline! with { Port = port }),
            ("Kadstone:Hyperswarm:Port", $"{port}", options => options.Hyperswarm = options.Hyperswarm! with { Port = port }),
            ("Kadstone:Ipfs:Listen", "in use", options => options.Ipfs = options.Ipfs! with { Host = options.Ipfs.Host with { Listen = [Libp2p.Multiaddr.FromTcp(SmallNetworks.Own(8), ((IPEndPoint)takenTcp.LocalEndpoint).Port)] } }),
            ("Kadstone:Mainline", "MaxInfoHashes", options => options.Mainline = options.Mainline! with { MaxInfoHashes = -1 }),
            ("Kadstone:Store", "/nowhere", options => options.Store = KadstoneStore.Sqlite("/nowhere/node.sqlite")),
            ("Kadstone:Store", "postgres", options => options.Store = KadstoneStore.Postgres("Host=/nowhere;Username=kadstone;Password=secret")),
            ("Kadstone:PacketBudget", "9", options => options.PacketBudget = 9),
        ])
        {
            KadstoneOptions options = networks.Options(folder["data"], 8);
            change(options);
            KadstoneSetupException refused = await Should.ThrowAsync<KadstoneSetupException>(() => KadstoneNode.CreateAsync(options, cancellationToken: Cancellation));
            refused.Setting.ShouldBe(setting);
            refused.Message.ShouldContain(quotes);
            refused.Message.ShouldNotContain("secret");
            refused.Message.Split('\n').Length.ShouldBe(1);
        }

        // The folder is free again.
        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(folder["data"], 8), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task The_networks_share_a_store_and_none_closes_it_for_the_others()
    {
        MemoryRecordStore store = new();
        KadstoneOptions options = networks.Options(null, 9);
        options.Store = KadstoneStore.Custom(store);
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation);
        node.StoreName.ShouldBe("custom");
        node.DataFolder.ShouldBeNull();
        await node.Mainline!.DisposeAsync();
        (await node.Store.CountAsync(Shelf.MainlineImmutable, Cancellation)).ShouldBe(0);
        node.Store.ShouldBeSameAs(store);
    }

    [Theory]
    [InlineData(KadstoneProfile.Laptop, 200)]
    [InlineData(KadstoneProfile.Server, 2_000)]
    [InlineData(KadstoneProfile.Router, 20_000)]
    public async Task The_profile_sets_the_budget_unless_it_is_named(KadstoneProfile profile, int perSecond)
    {
        KadstoneOptions options = networks.Options(null, 10);
        options.Profile = profile;
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation);
        node.PacketBudget.ShouldBe(perSecond);
        node.Budget.PerSecond.ShouldBe(perSecond);

        KadstoneOptions named = networks.Options(null, 11);
        named.Profile = profile;
        named.PacketBudget = 77;
        await using KadstoneNode other = await KadstoneNode.CreateAsync(named, cancellationToken: Cancellation);
        other.Budget.PerSecond.ShouldBe(77);
    }

    [Fact]
    public async Task What_leaves_is_counted_against_the_budget()
    {
        KadstoneOptions options = networks.Options(null, 12);
        options.Hyperswarm = null;
        options.Ipfs = null;
        options.PacketBudget = 10;
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation);
        await node.Mainline!.WaitForNetworkAsync(Cancellation);
        for (int i = 0; i < 10; i++)
        {
            await node.Mainline.PingAsync(Datagrams.UdpEndpoint.From(networks.Mainline.LocalEndpoints[0]), Cancellation);
        }

        node.BudgetPauses.ShouldBeGreaterThan(0, "ten pings are more than the burst of four");
    }

    [Fact]
    public async Task Closed_twice_and_while_it_starts_it_ends()
    {
        KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(null, 13), cancellationToken: Cancellation);
        await node.DisposeAsync();
        await node.DisposeAsync();
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        using TemporaryFolder folder = new();
        await Should.ThrowAsync<OperationCanceledException>(() => KadstoneNode.CreateAsync(networks.Options(folder["data"], 13), cancellationToken: cancelled.Token));
        await using KadstoneNode again = await KadstoneNode.CreateAsync(networks.Options(folder["data"], 13), cancellationToken: Cancellation);
    }

    private async Task<string[]> KeysAsync(string folder, int number)
    {
        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(folder, number), cancellationToken: Cancellation);
        node.TrySave().ShouldBeTrue();
        return [node.Networks[0].Id!, Convert.ToHexStringLower(node.Hyperswarm!.PublicKey.Span), node.Ipfs!.LocalPeer.ToString()];
    }
}
