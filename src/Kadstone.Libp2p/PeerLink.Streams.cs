using System.Diagnostics;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

/// <summary>The streams: ours are opened, theirs are served, both are read and written.</summary>
internal sealed partial class PeerLink
{
    private readonly Func<PeerLink, PeerStream, CancellationToken, Task> _serve;
    private readonly HashSet<Task> _serving = [];
    private readonly Dictionary<string, int> _servedByProtocol = [];
    private readonly int _streamsPerProtocol;

    /// <exception cref="StreamResetException">The connection is over, or has too many streams.</exception>
    /// <exception cref="ProtocolNotSupportedException">The peer does not speak it.</exception>
    public async ValueTask<MuxedStream> OpenStreamAsync(string protocol, CancellationToken cancellationToken)
    {
        MuxedStream stream;
        lock (_lock)
        {
            if (Remote is null || _core.OpenStream([protocol], Now) is not ProtocolStream opened)
            {
                throw new StreamResetException("The connection is over, or has too many streams.");
            }

            stream = new MuxedStream(this, Remote, opened);
            WindTimer();
        }

        Settle();
        try
        {
            await stream.ChooseAsync(protocol, cancellationToken).ConfigureAwait(false);
            return stream;
        }
        catch
        {
            stream.Reset();
            throw;
        }
    }

    internal bool TryRead(ProtocolStream stream, Span<byte> buffer, out int count)
    {
        bool isRead;
        lock (_lock)
        {
            ThrowIfReset(stream);
            count = stream.Read(buffer);
            isRead = count > 0 || buffer.IsEmpty || stream.IsAtEnd;
        }

        Settle();
        return isRead;
    }

    /// <summary>Reads a message of at most <paramref name="maxLength"/> bytes if all of it is there.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="maxLength">The longest that is taken.</param>
    /// <param name="message">The message; null with true: the other side ended its direction instead of beginning one.</param>
    /// <param name="waiting">The bytes that are there of one that is not.</param>
    internal bool TryReadMessage(ProtocolStream stream, int maxLength, out byte[]? message, out int waiting)
    {
        message = null;
        lock (_lock)
        {
            ThrowIfReset(stream);
            ReadOnlySpan<byte> there = stream.Waiting;
            waiting = there.Length;
            if (stream.IsAtEnd)
            {
                return true;
            }

            if (Uvarint.Read(there, out ulong length, out int prefix) != WireProgress.Complete || length > (ulong)maxLength || length > (ulong)(there.Length - prefix))
            {
                return false;
            }

            message = there.Slice(prefix, (int)length).ToArray();
            stream.Skip(prefix + (int)length);
        }

        Settle();
        return true;
    }

    internal int Write(ProtocolStream stream, ReadOnlySpan<byte> bytes)
    {
        int count;
        lock (_lock)
        {
            ThrowIfReset(stream);
            if (stream.IsWriteClosed)
            {
                throw new InvalidOperationException("Our direction of the stream is ended.");
            }

            count = stream.Write(bytes);
        }

        Settle();
        return count;
    }

    internal void CloseWrite(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.CloseWrite();
        }

        Settle();
    }

    internal void Reset(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.Reset();
        }

        Settle();
    }

    internal void Leave(ProtocolStream stream)
    {
        lock (_lock)
        {
            stream.Leave(Now);
            WindTimer();
        }

        Settle();
    }

    internal bool IsChosen(ProtocolStream stream, string protocol)
    {
        lock (_lock)
        {
            return stream.State switch
            {
                NegotiationState.Agreed => true,
                NegotiationState.Failed => throw new ProtocolNotSupportedException($"The peer does not speak {protocol}."),
                _ => stream.IsReset ? throw new StreamResetException($"The stream for {protocol} was reset.") : false,
            };
        }
    }

    /// <summary>Under the lock: whoever waits at the stream is woken once the lock is free.</summary>
    internal void Note(MuxedStream stream)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        if (!stream.IsNoted)
        {
            stream.IsNoted = true;
            _changed.Enqueue(stream);
        }
    }

    private static void ThrowIfReset(ProtocolStream stream)
    {
        if (stream.IsReset)
        {
            throw new StreamResetException($"The stream of {stream.Protocol} was reset.");
        }
    }

    // Under the lock, so the handler begins elsewhere.
    private void OnAccepted(ProtocolStream accepted)
    {
        Debug.Assert(_lock.IsHeldByCurrentThread);
        int open = _servedByProtocol.GetValueOrDefault(accepted.Protocol);
        if (Remote is null || open >= _streamsPerProtocol)
        {
            accepted.Reset();
            return;
        }

        _servedByProtocol[accepted.Protocol] = open + 1;
        MuxedStream stream = new(this, Remote, accepted);
        Task serving = Task.Run(() => ServeAsync(stream));
        _serving.Add(serving);
        _ = serving.ContinueWith(Served, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task ServeAsync(MuxedStream stream)
    {
        string protocol = stream.Protocol;
        try
        {
            await _serve(this, stream, _ended.Token).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _servedByProtocol[protocol]--;
            }
        }
    }

    private void Served(Task task)
    {
        lock (_lock)
        {
            _serving.Remove(task);
        }
    }

    private async Task AllServedAsync()
    {
        while (true)
        {
            Task[] serving;
            lock (_lock)
            {
                serving = [.. _serving];
            }

            if (serving.Length == 0)
            {
                return;
            }

            await Task.WhenAll(serving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
