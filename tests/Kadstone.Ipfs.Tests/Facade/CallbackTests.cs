using System.Text;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed class CallbackTests
{
    [Fact]
    public async Task A_callback_is_called_once_with_a_result_or_with_an_error_as_the_task_has_it()
    {
        await using Network network = await Network.StartAsync(4);
        IpfsDht node = network[1];
        Cid cid = Peers.Content(1);

        ProvideOutcome? provided = await CallAsync<ProvideOutcome?>(callback => node.Provide([cid], callback));
        PutOutcome? put = await CallAsync<PutOutcome?>(callback => node.Put("/test/a", "v"u8.ToArray(), callback));
        ReadOnlyMemory<byte>? got = await CallAsync<ReadOnlyMemory<byte>?>(callback => network[2].Get("/test/a", callback));
        PeerInfo? found = await CallAsync<PeerInfo?>(callback => node.FindPeer(network[3].LocalPeer, callback));
        IReadOnlyList<PeerInfo>? closest = await CallAsync<IReadOnlyList<PeerInfo>?>(callback => node.Query(network[3].LocalPeer, callback));

        provided.ShouldBe(new ProvideOutcome(1, 3, 0));
        put.ShouldBe(new PutOutcome(3, 0, 1));
        Encoding.UTF8.GetString(got.ShouldNotBeNull().Span).ShouldBe("v");
        found.ShouldNotBeNull().Id.ShouldBe((await node.FindPeerAsync(network[3].LocalPeer, cancellationToken: Network.Cancelled)).Id);
        closest.ShouldNotBeNull().Select(peer => peer.Id).ShouldBe((await node.FindClosestPeersAsync(network[3].LocalPeer, cancellationToken: Network.Cancelled)).Select(peer => peer.Id));
        await Should.ThrowAsync<PeerNotFoundException>(() => CallAsync<PeerInfo?>(callback => node.FindPeer(Peers.Id(999), callback)));
        await Should.ThrowAsync<NotEnoughProvidersException>(() => CallAsync<IReadOnlyList<PeerInfo>?>(callback => network[2].FindProviders(cid, callback)));
    }

    private static async Task<T> CallAsync<T>(Action<Action<Exception?, T>> call)
    {
        TaskCompletionSource<T> called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        call((error, result) =>
        {
            (error is null ^ result is null).ShouldBeTrue("either an error or a result");
            bool isFirst = error is null ? called.TrySetResult(result) : called.TrySetException(error);
            isFirst.ShouldBeTrue("once");
        });
        return await called.Task.WaitAsync(Network.Guard, Network.Cancelled);
    }
}
