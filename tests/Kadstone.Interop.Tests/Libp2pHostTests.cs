using System.Net;
using System.Text.Json.Nodes;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Libp2p;

namespace Kadstone.Interop.Tests;

/// <summary>Our libp2p host and js-libp2p: each dials the other, and both speak what every peer speaks.</summary>
[Trait("Peer", "libp2p")]
public sealed class Libp2pHostTests
{
    private const string OurEcho = "/kadstone/echo/1";
    private const int Megabyte = 1 << 20;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_dial_us_and_know_who_we_are()
    {
        await using Libp2pHost ours = await StartAsync();
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        JsonObject connected = await theirs.AskAsync("connect", new() { ["to"] = FullAddress(ours) });
        ((string?)connected["peer"], (string?)connected["multiplexer"], (string?)connected["encryption"]).ShouldBe(($"{ours.LocalPeer}", "/yamux/1.0.0", "/noise"));

        JsonObject told = await theirs.AskAsync("identify", new() { ["peer"] = $"{ours.LocalPeer}" });
        ((string?)told["peer"], (string?)told["agent"], (string?)told["version"]).ShouldBe(($"{ours.LocalPeer}", "kadstone/0.1.0", "ipfs/0.1.0"));
        Strings(told, "protocols").ShouldBe(["/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", OurEcho]);
        Strings(told, "addresses").ShouldBe([$"{ours.ListenAddresses[0]}"]);
        Strings(told, "signed").ShouldBe([$"{ours.ListenAddresses[0]}"], "the signed record holds");
        ((string?)told["observed"]).ShouldStartWith("/ip4/127.0.0.1/tcp/");
    }

    [Fact]
    public async Task We_dial_them_and_know_who_they_are()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        Task<IdentifiedPeer> identified = IdentifiedAsync(ours, _ => true);
        await ours.ConnectAsync(Info(theirs), Cancelled);
        IdentifiedPeer told = await identified;
        (told.Id.ToString(), told.AgentVersion, told.ProtocolVersion).ShouldBe((theirs.Peer, told.AgentVersion, "ipfs/0.1.0"));
        told.AgentVersion.ShouldStartWith("interop-peer/1");
        told.Protocols.ShouldBe(["/ipfs/id/1.0.0", "/ipfs/id/push/1.0.0", "/ipfs/ping/1.0.0", Libp2pPeer.Echo], ignoreOrder: true);
        told.Addresses.Select(address => address.ToString()).ShouldBe([theirs.Address]);
        told.SignedRecord.ShouldNotBeNull().Peer.ToString().ShouldBe(theirs.Peer);
        told.ObservedAddress.ShouldNotBeNull().ToString().ShouldStartWith("/ip4/127.0.0.1/tcp/");
    }

    [Fact]
    public async Task An_address_without_a_peer_leads_to_whoever_is_there_and_a_wrong_peer_to_nobody()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        PeerInfo wrong = new(PrivateKey.FromSeed(new byte[32]).PeerId, [Multiaddr.Parse(theirs.Address)]);
        await Should.ThrowAsync<PeerUnreachableException>(() => ours.ConnectAsync(wrong, Cancelled));
        (await ours.ConnectAsync(Multiaddr.Parse(theirs.Address), Cancelled)).ToString().ShouldBe(theirs.Peer);
    }

    [Fact]
    public async Task Pings_are_answered_both_ways()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        (await ours.PingAsync(Info(theirs), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        ((double)(await theirs.AskAsync("ping", new() { ["to"] = FullAddress(ours) }))["took"]!).ShouldBeGreaterThanOrEqualTo(0);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public async Task A_megabyte_is_echoed_both_ways_however_the_muxer_was_chosen(bool oursEarly, bool theirsEarly)
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync(theirsEarly);
        await using Libp2pHost ours = await StartAsync(oursEarly);

        byte[] sent = new byte[Megabyte];
        new Random(1).NextBytes(sent);
        (await EchoAsync(ours, Info(theirs), sent)).ShouldBe(sent);
        await EchoesOursAsync(ours, theirs);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task The_same_when_they_dial(bool oursEarly, bool theirsEarly)
    {
        await using Libp2pHost ours = await StartAsync(oursEarly);
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync(theirsEarly);
        await theirs.AskAsync("connect", new() { ["to"] = FullAddress(ours) });
        await EchoesOursAsync(ours, theirs);

        // Over the connection that they began.
        byte[] sent = new byte[Megabyte];
        (await EchoAsync(ours, new PeerInfo(PeerId.Parse(theirs.Peer), []), sent)).ShouldBe(sent);
        ours.Connections.Single().IsInbound.ShouldBeTrue();
    }

    [Fact]
    public async Task Thirty_streams_at_once_are_echoed()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        byte[][] sent = [.. Enumerable.Range(0, 30).Select(i => Enumerable.Repeat((byte)i, 10_000).ToArray())];
        byte[][] back = await Task.WhenAll(sent.Select(bytes => EchoAsync(ours, Info(theirs), bytes)));
        back.ShouldBe(sent);
    }

    [Fact]
    public async Task A_protocol_that_one_side_does_not_speak_is_refused_and_the_connection_goes_on()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        await Should.ThrowAsync<ProtocolNotSupportedException>(async () => await ours.OpenAsync(Info(theirs), "/nobody/1", Cancelled));
        JsonObject refused = await theirs.AskAsync("echo", new() { ["peer"] = $"{ours.LocalPeer}", ["protocol"] = "/nobody/1", ["count"] = 1 }, allowError: true);
        refused["error"].ShouldNotBeNull();
        await EchoesOursAsync(ours, theirs);
    }

    [Fact]
    public async Task Changes_are_pushed_both_ways()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        Task<IdentifiedPeer> known = IdentifiedAsync(ours, _ => true);
        await ours.ConnectAsync(Info(theirs), Cancelled);
        await known;

        Task<IdentifiedPeer> changed = IdentifiedAsync(ours, peer => peer.Protocols.Contains("/theirs/late/1"));
        await theirs.AskAsync("handle", new() { ["protocol"] = "/theirs/late/1" });
        (await changed).Addresses.Count.ShouldBe(1);

        using IDisposable late = ours.Accept("/ours/late/1", (_, _) => Task.CompletedTask);
        await Eventually.ContainsAsync(
            "what they know of us",
            async () => Strings(await theirs.AskAsync("known", new() { ["peer"] = $"{ours.LocalPeer}" }), "protocols"),
            "/ours/late/1");
    }

    [Fact]
    public async Task Either_side_may_leave()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync();
        await using Libp2pHost ours = await StartAsync();
        await ours.ConnectAsync(Info(theirs), Cancelled);

        // Ours is open a message before theirs is.
        await Eventually.GetAsync("their connections", () => CountConnectionsAsync(theirs), count => count == 1);
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ours.Disconnected += (_, _) => gone.TrySetResult();
        await theirs.AskAsync("disconnect", new() { ["peer"] = $"{ours.LocalPeer}" });
        await gone.Task.WaitAsync(Eventually.Guard, Cancelled);

        await ours.ConnectAsync(Info(theirs), Cancelled);
        await Eventually.GetAsync("their connections", () => CountConnectionsAsync(theirs), count => count == 1);
        ours.Disconnect(PeerId.Parse(theirs.Peer));
        await Eventually.GetAsync("their connections", () => CountConnectionsAsync(theirs), count => count == 0);
    }

    private static async Task<Libp2pHost> StartAsync(bool earlyMuxer = true)
    {
        Libp2pHost host = await Libp2pHost.CreateAsync(
            new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Policy = AddressPolicy.Any, EarlyMuxer = earlyMuxer },
            cancellationToken: Cancelled);
        host.Accept(OurEcho, async (stream, token) =>
        {
            await stream.CopyToAsync(stream, token);
            await stream.CloseWriteAsync();
        });
        return host;
    }

    private static async Task<byte[]> EchoAsync(Libp2pHost ours, PeerInfo theirs, byte[] bytes)
    {
        await using PeerStream stream = await ours.OpenAsync(theirs, Libp2pPeer.Echo, Cancelled);
        using MemoryStream received = new();
        Task reading = stream.CopyToAsync(received, Cancelled);
        await stream.WriteAsync(bytes, Cancelled);
        await stream.CloseWriteAsync();
        await reading.WaitAsync(Eventually.Guard, Cancelled);
        return received.ToArray();
    }

    private static async Task EchoesOursAsync(Libp2pHost ours, Libp2pPeer theirs)
    {
        JsonObject echo = await theirs.AskAsync("echo", new() { ["peer"] = $"{ours.LocalPeer}", ["protocol"] = OurEcho, ["count"] = Megabyte });
        ((bool)echo["same"]!, (int)echo["count"]!).ShouldBe((true, Megabyte));
    }

    private static async Task<int> CountConnectionsAsync(Libp2pPeer theirs) => (await theirs.AskAsync("connections"))["connections"]!.AsArray().Count;

    private static Task<IdentifiedPeer> IdentifiedAsync(Libp2pHost host, Predicate<IdentifiedPeer> isAwaited)
    {
        TaskCompletionSource<IdentifiedPeer> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Identified += (_, peer) =>
        {
            if (isAwaited(peer))
            {
                told.TrySetResult(peer);
            }
        };
        return told.Task.WaitAsync(Eventually.Guard, Cancelled);
    }

    private static PeerInfo Info(Libp2pPeer peer) => new(PeerId.Parse(peer.Peer), [Multiaddr.Parse(peer.Address)]);

    private static string FullAddress(Libp2pHost host) => host.ListenAddresses[0].WithPeer(host.LocalPeer).ToString();

    private static IReadOnlyList<string> Strings(JsonObject answer, string name) => [.. answer[name]!.AsArray().Select(value => (string)value!)];
}
