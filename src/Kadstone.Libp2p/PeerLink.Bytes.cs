using System.Buffers;
using System.Net.Sockets;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p;

/// <summary>The bytes: what comes is handed to the core and wakes streams; what the core wants sent leaves in as few pieces as may be.</summary>
internal sealed partial class PeerLink
{
    // What an idle connection holds. Enough for the questions of a few streams.
    private const int SmallBuffer = 4 * 1024;

    private const int LargeBuffer = 128 * 1024;

    private readonly TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<MuxedStream> _changed = [];

    // From the end on it stays true: nothing more is sent.
    private bool _isFlushing;

    // The thread that reads, while it lets streams continue.
    private volatile int _lender;

    private async Task ReadAsync()
    {
        int size = SmallBuffer;
        try
        {
            while (!_written.Task.IsCompleted)
            {
                byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
                try
                {
                    int count = await _socket.ReceiveAsync(buffer, SocketFlags.None).ConfigureAwait(false);
                    if (count == 0)
                    {
                        break;
                    }

                    // One that fills its buffer has more to come.
                    Traffic.CountReceived(count);
                    size = count == buffer.Length ? LargeBuffer : count <= SmallBuffer ? SmallBuffer : size;
                    Take(buffer.AsSpan(0, count));
                }
                finally
                {
                    ArrayPool<byte>.Shared.Return(buffer);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The end of the connection, however it comes; the core knows why if it was us.
        }

        Close(ConnectionEnd.ClosedByPeer);
    }

    // Streams that may continue here do so before anything is sent: all their answers leave together.
    private void Take(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _core.Receive(bytes, Now);
            WindTimer();
        }

        _lender = Environment.CurrentManagedThreadId;
        try
        {
            WakeStreams();
        }
        finally
        {
            _lender = 0;
        }

        Settle();
    }

    // Outside the lock, after every change: wakes who waits for it, and sends what is to be sent.
    private void Settle()
    {
        if (_lender != Environment.CurrentManagedThreadId)
        {
            WakeStreams();
            Flush();
        }
    }

    private void WakeStreams()
    {
        bool isLent = _lender == Environment.CurrentManagedThreadId;
        while (true)
        {
            MuxedStream? stream;
            lock (_lock)
            {
                if (!_changed.TryDequeue(out stream))
                {
                    return;
                }

                stream.IsNoted = false;
            }

            stream.Wake(isLent);
        }
    }

    private void Flush()
    {
        lock (_lock)
        {
            if (_isFlushing || !(_core.HasOutput || _core.Phase == ConnectionPhase.Ended))
            {
                return;
            }

            _isFlushing = true;
        }

        // Awaited by way of _written: as long as this sends, the end is not reached.
        _ = FlushAsync();
    }

    // Sends all that is there, at the end also that nothing will come any more. Mostly done before it returns.
    private async Task FlushAsync()
    {
        byte[] buffer = [];
        try
        {
            while (true)
            {
                int count;
                lock (_lock)
                {
                    Exchange(ref buffer, Math.Min(_core.OutputBound, LargeBuffer));

                    // Who has left hears no goodbye.
                    count = _core.End == ConnectionEnd.ClosedByPeer ? 0 : _core.Transmit(buffer);
                    if (count == 0 && _core.Phase != ConnectionPhase.Ended)
                    {
                        _isFlushing = false;
                        return;
                    }
                }

                if (count == 0)
                {
                    break;
                }

                // Whoever waited for room.
                WakeStreams();
                for (int sent = 0; sent < count;)
                {
                    int taken = await _socket.SendAsync(buffer.AsMemory(sent, count - sent), SocketFlags.None).ConfigureAwait(false);
                    Traffic.CountSent(taken);
                    sent += taken;
                }
            }

            if (End == ConnectionEnd.ClosedByPeer)
            {
                _socket.Dispose();
            }
            else
            {
                _socket.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            lock (_lock)
            {
                _core.Close(ConnectionEnd.ClosedByPeer);
            }

            WakeStreams();

            // Nobody is left to be read from, either.
            _socket.Dispose();
        }
        finally
        {
            Exchange(ref buffer, 0);
        }

        _written.TrySetResult();
    }

    private static void Exchange(ref byte[] buffer, int size)
    {
        if (buffer.Length >= size && size > 0)
        {
            return;
        }

        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        buffer = size > 0 ? ArrayPool<byte>.Shared.Rent(size) : [];
    }
}
