namespace Kadstone.Libp2p;

/// <summary>A stream of bytes to a peer and back, for one protocol. Each direction ends by itself.</summary>
/// <remarks>Reading and writing are asynchronous only. Disposing ends our direction and drops what still comes; <see cref="Reset"/> ends both at once.</remarks>
public abstract class PeerStream : Stream
{
    /// <summary>The peer at the other end, proved.</summary>
    public abstract PeerId Remote { get; }

    /// <summary>What the stream speaks.</summary>
    public abstract string Protocol { get; }

    /// <summary>Whether whoever waits to read continues on the task that reads the connection, and what it writes there leaves with the answers of other streams. Default false.</summary>
    /// <remarks>Saves a change of threads for each message. For handlers that never block: while one runs, nothing else of the connection is read.</remarks>
    public bool ContinuesInline { get; set; }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Ends our direction, behind all that was written. The other side may go on.</summary>
    public abstract ValueTask CloseWriteAsync();

    /// <summary>Ends both directions at once; what is under way is lost.</summary>
    public abstract void Reset();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: read asynchronously.</exception>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("A peer's stream is read asynchronously.");

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: write asynchronously.</exception>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A peer's stream is written asynchronously.");

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public abstract override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default);
}
