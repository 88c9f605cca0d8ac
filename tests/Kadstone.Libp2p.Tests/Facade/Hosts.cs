using System.Net;

namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>Hosts on loopback.</summary>
internal static class Hosts
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(30);

    public static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static Libp2pOptions Options { get; } = new()
    {
        Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)],
        Policy = AddressPolicy.Any,
        Limits = HostLimits.OneMachine,
    };

    public static Task<Libp2pHost> StartAsync(Libp2pOptions? options = null, TimeProvider? time = null) => Libp2pHost.CreateAsync(options ?? Options, timeProvider: time, cancellationToken: Cancelled);

    public static PeerInfo Info(this Libp2pHost host) => new(host.LocalPeer, host.ListenAddresses);

    /// <summary>The next time that a peer is told of, for which <paramref name="isAwaited"/> holds.</summary>
    public static Task<IdentifiedPeer> NextIdentifiedAsync(this Libp2pHost host, Predicate<IdentifiedPeer> isAwaited)
    {
        TaskCompletionSource<IdentifiedPeer> told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Identified += (_, peer) =>
        {
            if (isAwaited(peer))
            {
                told.TrySetResult(peer);
            }
        };
        return told.Task.WaitAsync(Guard, Cancelled);
    }

    public static Task DisconnectedAsync(this Libp2pHost host, PeerId peer)
    {
        TaskCompletionSource told = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Disconnected += (_, gone) =>
        {
            if (gone == peer)
            {
                told.TrySetResult();
            }
        };
        return told.Task.WaitAsync(Guard, Cancelled);
    }

    public static IDisposable AcceptEcho(this Libp2pHost host, string protocol = "/echo/1") => host.Accept(protocol, async (stream, token) =>
    {
        await stream.CopyToAsync(stream, token);
        await stream.CloseWriteAsync();
    });

    /// <summary>Sends bytes and ends, and returns what came back until the other side ended.</summary>
    public static async Task<byte[]> EchoAsync(this Libp2pHost host, PeerInfo peer, byte[] bytes, string protocol = "/echo/1")
    {
        await using PeerStream stream = await host.OpenAsync(peer, protocol, Cancelled);
        using MemoryStream received = new();
        Task reading = stream.CopyToAsync(received, Cancelled);
        await stream.WriteAsync(bytes, Cancelled);
        await stream.CloseWriteAsync();
        await reading.WaitAsync(Guard, Cancelled);
        return received.ToArray();
    }
}
