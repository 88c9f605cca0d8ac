using System.Threading.Channels;

namespace Kadstone.Libp2p;

/// <summary>"Something changed": many may set it under a lock, one waits for it outside. Setting twice is setting once.</summary>
internal sealed class Signal
{
    private readonly Channel<byte> _channel = Channel.CreateBounded<byte>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = false });

    internal void Set() => _channel.Writer.TryWrite(0);

    internal async ValueTask WaitAsync(CancellationToken cancellationToken) =>
        await _channel.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
}
