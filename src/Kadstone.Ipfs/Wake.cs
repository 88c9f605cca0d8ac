using System.Threading.Channels;

namespace Kadstone.Ipfs;

/// <summary>"There may be something to do": many may say so under a lock, one waits for it outside. Saying it twice is saying it once.</summary>
internal sealed class Wake
{
    private readonly Channel<byte> _channel = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    internal void Set() => _channel.Writer.TryWrite(0);

    internal async ValueTask WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
}
