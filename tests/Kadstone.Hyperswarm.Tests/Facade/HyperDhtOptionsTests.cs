using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>Every option of the node underneath, and of hyperdht itself, does at a <see cref="HyperDht"/> what it says.</summary>
public sealed class HyperDhtOptionsTests
{
    private static readonly Dictionary<string, Func<Task>> s_effects = new()
    {
        [nameof(RpcOptions.Port)] = PortAsync,
        [nameof(RpcOptions.Host)] = HostAsync,
        [nameof(RpcOptions.PublicAddress)] = PublicAddressAsync,
        [nameof(RpcOptions.Socket)] = () => SocketAsync(isOwned: false),
        [nameof(RpcOptions.OwnsSocket)] = () => SocketAsync(isOwned: true),
        [nameof(RpcOptions.Bootstrap)] = BootstrapAsync,
        [nameof(RpcOptions.Ephemeral)] = () => IdAsync(true, new HyperDhtOptions { Ephemeral = false }, new HyperDhtOptions { Ephemeral = true }),
        [nameof(RpcOptions.IsReachableAssumed)] = () => IdAsync(true, new HyperDhtOptions { IsReachableAssumed = true }, new HyperDhtOptions()),
        [nameof(RpcOptions.Id)] = Gen1IdAsync,
        [nameof(RpcOptions.SavedState)] = SavedStateAsync,
        [nameof(RpcOptions.Scope)] = ScopeAsync,
        [nameof(RpcOptions.Diversity)] = DiversityAsync,
        [nameof(RpcOptions.Limits)] = LimitsAsync,
        [nameof(RpcOptions.Budget)] = BudgetAsync,
        [nameof(RpcOptions.QueryTimeout)] = QueryTimeoutAsync,
        [nameof(HyperDhtOptions.Seed)] = SeedAsync,
        [nameof(HyperDhtOptions.Store)] = StoreAsync,
    };

    public static TheoryData<string> Options =>
        [.. typeof(HyperDhtOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).Select(property => property.Name)];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Options))]
    public Task An_option_takes_effect(string option) =>
        s_effects.TryGetValue(option, out Func<Task>? effect) ? effect() : throw new InvalidOperationException($"Nobody has tested what {option} does at a HyperDht.");

    private static async Task PortAsync()
    {
        int port;
        await using (HyperDht any = await HyperDht.CreateAsync(HyperDevnet.Options, cancellationToken: Cancelled))
        {
            port = any.Node.LocalEndpoint.Port;
        }

        await using HyperDht dht = await HyperDht.CreateAsync(HyperDevnet.Options with { Port = port }, cancellationToken: Cancelled);
        dht.Node.LocalEndpoint.Port.ShouldBe(port);
    }

    private static async Task HostAsync()
    {
        IPAddress host = IPAddress.Parse("127.77.90.1");
        await using HyperDht dht = await HyperDht.CreateAsync(HyperDevnet.Options with { Host = host }, cancellationToken: Cancelled);
        dht.Node.LocalEndpoint.Address.ShouldBe(host);
    }

    private static async Task PublicAddressAsync()
    {
        IPAddress address = IPAddress.Parse("127.77.91.1");
        await using HyperDht dht = await HyperDht.CreateAsync(HyperDevnet.Options with { Host = IPAddress.Any, PublicAddress = address }, cancellationToken: Cancelled);
        dht.Node.Id.ShouldBe(RpcContact.FromEndpoint(UdpEndpoint.From(address, (ushort)dht.Node.LocalEndpoint.Port)).Id);
    }

    private static async Task SocketAsync(bool isOwned)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        EndPoint bound = socket.LocalEndPoint!;
        await using (HyperDht dht = await HyperDht.CreateAsync(HyperDevnet.Options with { Socket = socket, OwnsSocket = isOwned }, cancellationToken: Cancelled))
        {
            dht.Node.LocalEndpoint.ShouldBe(bound);
        }

        socket.SafeHandle.IsClosed.ShouldBe(isOwned);
    }

    private static async Task BootstrapAsync()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Bootstrap = [net[1].Node.LocalEndpoint.ToString()] });
        (await dht.Node.WaitForNetworkAsync(Cancelled)).ShouldBe(2);
    }

    private static async Task IdAsync(bool hasId, HyperDhtOptions with, HyperDhtOptions without)
    {
        await using HyperDht one = await HyperDht.CreateAsync(with with { Host = IPAddress.Loopback, Scope = AddressScope.Private }, cancellationToken: Cancelled);
        await using HyperDht other = await HyperDht.CreateAsync(without with { Host = IPAddress.Loopback, Scope = AddressScope.Private }, cancellationToken: Cancelled);
        (one.Node.Id is not null, other.Node.Id is not null).ShouldBe((hasId, !hasId));
    }

    private static async Task Gen1IdAsync()
    {
        Key256 id = new(7, 8);
        await using Gen1HyperDht first = Gen1HyperDht.Create(HyperDevnet.Options with { Id = id });
        first.Node.Id.ShouldBe(id);
        await using HyperDht today = await HyperDht.CreateAsync(HyperDevnet.Options with { Id = id }, cancellationToken: Cancelled);
        today.Node.Id.ShouldBe(RpcContact.FromEndpoint(UdpEndpoint.From(today.Node.LocalEndpoint)).Id, "there the id follows from the address");
    }

    private static async Task SavedStateAsync()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        string saved = new RpcState(0, [UdpEndpoint.From(net[1].Node.LocalEndpoint)]).ToJson();
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { SavedState = saved });
        (await dht.Node.WaitForNetworkAsync(Cancelled)).ShouldBe(2);
    }

    private static async Task ScopeAsync()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(1);
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Scope = AddressScope.Public });
        NoAnswerException refused = await Should.ThrowAsync<NoAnswerException>(dht.Node.PingAsync(UdpEndpoint.From(net[0].Node.LocalEndpoint), Cancelled));
        refused.Message.ShouldContain("not allowed here");
    }

    private static async Task BudgetAsync()
    {
        // A burst of four: who joins eight has more to send.
        SendBudget budget = new(20);
        await using HyperDevnet net = await HyperDevnet.StartAsync(8);
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Bootstrap = [net[0].Node.LocalEndpoint.ToString()], Budget = budget });
        (await dht.Node.WaitForNetworkAsync(Cancelled)).ShouldBe(8);
        budget.Pauses.ShouldBeGreaterThan(0);
    }

    private static async Task DiversityAsync()
    {
        // All at one address: with diversity it counts as one liar with many ids.
        await using HyperDevnet net = await HyperDevnet.StartAsync(8);
        string[] bootstrap = [net[0].Node.LocalEndpoint.ToString()];
        await using HyperDht trusting = HyperDht.Create(HyperDevnet.Options with { Bootstrap = bootstrap });
        await using HyperDht wary = HyperDht.Create(HyperDevnet.Options with { Bootstrap = bootstrap, Diversity = true });
        (await trusting.Node.WaitForNetworkAsync(Cancelled)).ShouldBe(8);
        (await wary.Node.WaitForNetworkAsync(Cancelled)).ShouldBeLessThan(8);
    }

    private static async Task LimitsAsync()
    {
        await using HyperDht mute = await HyperDht.CreateAsync(HyperDevnet.Options with { Limits = new RateLimits { TotalRate = 1, SourceRate = 1, SourceBurst = 1 } }, cancellationToken: Cancelled);
        await using HyperDht asker = HyperDht.Create(HyperDevnet.Options);
        UdpEndpoint node = UdpEndpoint.From(mute.Node.LocalEndpoint);
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => asker.Node.PingAsync(node, Cancelled).ContinueWith(_ => { }, TaskScheduler.Default)));
        mute.Node.Status().Dropped.Keys.ShouldContain("rate_limited");
    }

    private static async Task QueryTimeoutAsync()
    {
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Bootstrap = [silent.LocalEndPoint!.ToString()!], QueryTimeout = TimeSpan.FromMilliseconds(20) });
        (await Should.ThrowAsync<TimeoutException>(dht.LookupAllAsync(new Key256(1, 1), cancellationToken: Cancelled))).Message.ShouldNotBeEmpty();
    }

    private static async Task SeedAsync()
    {
        byte[] seed = [.. Enumerable.Repeat((byte)5, 32)];
        await using HyperDht dht = HyperDht.Create(HyperDevnet.Options with { Seed = seed });
        dht.PublicKey.ToArray().ShouldBe(Crypto.Ed25519.CreateKeyPair(seed));
    }

    private static async Task StoreAsync()
    {
        MemoryRecordStore store = new();
        await using HyperDht storing = await HyperDht.CreateAsync(HyperDevnet.Options with { Store = store }, cancellationToken: Cancelled);
        await using HyperDht asker = HyperDht.Create(HyperDevnet.Options with { Bootstrap = [storing.Node.LocalEndpoint.ToString()] });
        (await asker.ImmutablePutAsync("kept"u8.ToArray(), Cancelled)).Commit.Stored.ShouldBe(1);
        long kept = 0;
        foreach (Shelf shelf in Enum.GetValues<Shelf>().Where(shelf => shelf != Shelf.None))
        {
            kept += await store.CountAsync(shelf, Cancelled);
        }

        kept.ShouldBe(1);
    }
}
