using System.Net;
using Kadstone.Interop.Tests.Harness;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Interop.Tests;

/// <summary>A node in auto mode asks js-libp2p's AutoNAT service to dial it.</summary>
[Trait("Peer", "libp2p")]
public sealed class Libp2pReachabilityTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>On one machine the service understands the question and must refuse it: it dials nobody but the address that it is asked from.</summary>
    [Fact]
    public async Task A_service_that_refuses_to_dial_leaves_us_a_client()
    {
        await using Libp2pPeer theirs = await Libp2pPeer.StartAsync(autoNat: true);
        MinuteClock time = new();
        AwaitedLog log = new("asked ");
        IpfsOptions options = new()
        {
            Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Announce = [Multiaddr.Parse("/ip4/5.6.7.8/tcp/4001")] },
        };
        await using IpfsDht node = await IpfsDht.CreateAsync(options, loggerFactory: log, timeProvider: time, cancellationToken: Cancelled);
        TaskCompletionSource identified = new(TaskCreationOptions.RunContinuationsAsynchronously);
        node.Host.Identified += (_, peer) => _ = peer.Protocols.Contains("/libp2p/autonat/1.0.0") && identified.TrySetResult();
        await node.ConnectAsync(Multiaddr.Parse($"{theirs.Address}/p2p/{theirs.Peer}"), Cancelled);
        await identified.Task.WaitAsync(Eventually.Guard, Cancelled);
        time.Tick();


        (await log.Said.WaitAsync(Eventually.Guard, Cancelled)).ShouldBe($"asked {theirs.Peer} to dial us: Refused");
        node.Status().Single(status => status.Scope == KadScope.Wan).IsServer.ShouldBeFalse();
    }
}
