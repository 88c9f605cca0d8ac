namespace Kadstone.Libp2p;

/// <summary>Messages with their length before them, as most protocols send theirs.</summary>
public static class PeerStreamMessages
{
    private const int FirstPiece = 16 * 1024;

    /// <summary>Writes a message behind its length.</summary>
    public static ValueTask WriteMessageAsync(this PeerStream stream, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] framed = new byte[Uvarint.Length((ulong)message.Length) + message.Length];
        int prefix = Uvarint.Write(framed, (ulong)message.Length);
        message.Span.CopyTo(framed.AsSpan(prefix));
        return stream.WriteAsync(framed, cancellationToken);
    }

    /// <summary>Reads a message; null when the other side ended its direction instead of beginning one.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="maxLength">The longest that is taken, in bytes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidDataException">Its length is none, or above the greatest.</exception>
    /// <exception cref="EndOfStreamException">It ends early.</exception>
    /// <remarks>Memory grows with the bytes that came, not with those that were announced.</remarks>
    public static ValueTask<byte[]?> ReadMessageAsync(this PeerStream stream, int maxLength, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream is not MuxedStream muxed)
        {
            return ReadPiecesAsync(stream, maxLength, cancellationToken);
        }

        return muxed.TryReadMessage(maxLength, out byte[]? message, out int waiting) ? ValueTask.FromResult(message) : ReadWholeAsync(muxed, maxLength, waiting, cancellationToken);
    }

    // A short message is waited for until all of it is there; a long one would not fit into the window.
    private static async ValueTask<byte[]?> ReadWholeAsync(MuxedStream stream, int maxLength, int waiting, CancellationToken cancellationToken)
    {
        while (waiting == 0)
        {
            await stream.WaitReadableAsync(cancellationToken).ConfigureAwait(false);
            if (stream.TryReadMessage(maxLength, out byte[]? message, out waiting))
            {
                return message;
            }
        }

        return await ReadPiecesAsync(stream, maxLength, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<byte[]?> ReadPiecesAsync(PeerStream stream, int maxLength, CancellationToken cancellationToken)
    {
        if (await ReadLengthAsync(stream, cancellationToken).ConfigureAwait(false) is not ulong announced)
        {
            return null;
        }

        if (announced > (ulong)maxLength)
        {
            throw new InvalidDataException($"A message of {announced} bytes, where {maxLength} are the most.");
        }

        int length = (int)announced;
        byte[] message = new byte[Math.Min(length, FirstPiece)];
        int filled = 0;
        while (filled < length)
        {
            if (filled == message.Length)
            {
                Array.Resize(ref message, Math.Min(length, 2 * message.Length));
            }

            int count = await stream.ReadAsync(message.AsMemory(filled), cancellationToken).ConfigureAwait(false);
            filled += count > 0 ? count : throw new EndOfStreamException("A message ends early.");
        }

        return message;
    }

    private static async ValueTask<ulong?> ReadLengthAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        byte[] prefix = new byte[Uvarint.MaxLength];
        for (int read = 0; read < prefix.Length;)
        {
            int count = await stream.ReadAsync(prefix.AsMemory(read, 1), cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                return read == 0 ? null : throw new EndOfStreamException("A message's length ends early.");
            }

            read++;
            WireProgress progress = Uvarint.Read(prefix.AsSpan(0, read), out ulong length, out _);
            if (progress != WireProgress.Incomplete)
            {
                return progress == WireProgress.Complete ? length : throw new InvalidDataException("A message's length is not in its shortest form.");
            }
        }

        throw new InvalidDataException("A message's length has no end.");
    }
}
