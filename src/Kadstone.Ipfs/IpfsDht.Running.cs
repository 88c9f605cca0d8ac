namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    private Task JoinAsync() => Task.CompletedTask;
    private Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    private void OnIdentified(object? sender, IdentifiedPeer peer) { }
    private void OnDisconnected(object? sender, PeerId peer) { }
    private void Meet(PeerInfo peer) { }
    private void ThrowIfClosed() { }
    private async Task DisposeOnceAsync()
    {
        await Task.Yield();
        await Host.DisposeAsync().ConfigureAwait(false);
    }
}
