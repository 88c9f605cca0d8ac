using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

/// <summary>A stream of a <see cref="PeerLink"/>: the core's stream, with waiting.</summary>
internal sealed class MuxedStream : PeerStream
{
    private readonly PeerLink _link;
    private readonly ProtocolStream _stream;
    private readonly Signal _readable = new();
    private readonly Signal _writable = new();
    private bool _isDisposed;

    /// <summary>Called under the link's lock.</summary>
    internal MuxedStream(PeerLink link, PeerId remote, ProtocolStream stream)
    {
        _link = link;
        _stream = stream;
        Remote = remote;
        stream.Changed = OnChanged;
    }

    public override PeerId Remote { get; }

    public override string Protocol => _stream.Protocol;

    internal ProtocolStream Core => _stream;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_link.TryRead(_stream, buffer.Span, out int count))
            {
                return count;
            }

            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = _link.Write(_stream, buffer.Span);
            buffer = buffer[count..];
            if (buffer.IsEmpty)
            {
                return;
            }

            await _writable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override ValueTask CloseWriteAsync()
    {
        _link.CloseWrite(_stream);
        return ValueTask.CompletedTask;
    }

    public override void Reset() => _link.Reset(_stream);

    /// <summary>Waits until the protocol is agreed.</summary>
    internal async ValueTask ChooseAsync(string protocol, CancellationToken cancellationToken)
    {
        while (!_link.IsChosen(_stream, protocol))
        {
            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _link.Leave(_stream);
        }

        base.Dispose(disposing);
    }

    private void OnChanged()
    {
        _readable.Set();
        _writable.Set();
    }
}
