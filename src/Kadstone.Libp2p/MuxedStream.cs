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

    /// <summary>Whether the link will wake it; under the link's lock.</summary>
    internal bool IsNoted { get; set; }

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

    /// <summary>Lets whoever waits look again. Called without the link's lock.</summary>
    /// <param name="isLent">Whether this thread may be used for that.</param>
    internal void Wake(bool isLent)
    {
        _readable.Set(isLent && ContinuesInline);
        _writable.Set();
    }

    /// <summary>Reads a message that fits into what is kept of a stream that nobody reads.</summary>
    /// <returns>Whether it did; false when the message is to be read piece by piece.</returns>
    internal bool TryReadMessage(int maxLength, out byte[]? message, out int waiting)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _link.TryReadMessage(_stream, maxLength, out message, out waiting);
    }

    /// <summary>Waits until there may be more to read.</summary>
    internal ValueTask WaitReadableAsync(CancellationToken cancellationToken) => _readable.WaitAsync(cancellationToken);

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

    // Under the link's lock.
    private void OnChanged() => _link.Note(this);
}
