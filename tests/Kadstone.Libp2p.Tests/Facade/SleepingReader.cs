using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>A peer that opens streams, asks for more than it could ever hold on each, and never reads a byte; and the protocol that answers it.</summary>
internal sealed class SleepingReader : IDisposable
{
    /// <summary>As many as one protocol of one peer may have.</summary>
    public const int Streams = 64;

    /// <summary>As long as an answer of the DHT.</summary>
    public const int AnswerLength = 16_000;

    /// <summary>Per stream: together they ask for 64 MB.</summary>
    public const int Questions = 64;

    private readonly TaskCompletionSource _stuck = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _protocol;
    private readonly RawPeer _peer;
    private readonly IDisposable _served;
    private int _waiting;
    private int _answered;
    private int _ended;
    private uint _nextStream = 1;

    private SleepingReader(Libp2pHost host, RawPeer peer, string protocol)
    {
        _protocol = protocol;
        _peer = peer;
        _served = host.Accept(protocol, AnswerAsync);
    }

    /// <summary>Ends when the answers of all streams wait.</summary>
    public Task Stuck => _stuck.Task;

    /// <summary>Ends when the streams were taken away.</summary>
    public Task AllEnded => _allEnded.Task;

    /// <summary>How many answers are out of the host's hands.</summary>
    public int Answered => Volatile.Read(ref _answered);

    public static async Task<SleepingReader> StartAsync(Libp2pHost host, string protocol = "/ask/1")
    {
        SleepingReader reader = new(host, await RawPeer.ConnectAsync(host, receiveBuffer: 8 * 1024), protocol);
        List<byte> frames = [];
        byte[] choice = [.. MultistreamLine.Write(MultistreamLine.Header), .. MultistreamLine.Write(protocol)];
        byte[] questions = [.. Enumerable.Repeat<byte[]>([1, (byte)'?'], Questions).SelectMany(bytes => bytes)];
        for (int i = 0; i < Streams; i++)
        {
            byte[] header = new byte[YamuxHeader.ByteLength];
            new YamuxHeader(YamuxType.Data, YamuxFlags.Syn, reader.NextStream(), (uint)(choice.Length + questions.Length)).Write(header);
            frames.AddRange([.. header, .. choice, .. questions]);
        }

        await reader._peer.SendSealedAsync([.. frames]);
        return reader;
    }

    /// <summary>Opens streams until the session's budget is used up.</summary>
    public Task OpenTooManyAsync()
    {
        const int TooMany = 3000;
        byte[] frames = new byte[TooMany * YamuxHeader.ByteLength];
        for (int i = 0; i < TooMany; i++)
        {
            new YamuxHeader(YamuxType.WindowUpdate, YamuxFlags.Syn, NextStream(), 0).Write(frames.AsSpan(i * YamuxHeader.ByteLength));
        }

        return _peer.SendSealedAsync(frames);
    }

    public void Dispose()
    {
        _served.Dispose();
        _peer.Dispose();
    }

    private uint NextStream() => (_nextStream += 2) - 2;

    private async Task AnswerAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        try
        {
            while (await stream.ReadMessageAsync(16, cancellationToken) is not null)
            {
                Task writing = stream.WriteMessageAsync(new byte[AnswerLength], cancellationToken).AsTask();
                if (Interlocked.Increment(ref _waiting) == Streams)
                {
                    _stuck.TrySetResult();
                }

                await writing;
                Interlocked.Decrement(ref _waiting);
                Interlocked.Increment(ref _answered);
            }
        }
        finally
        {
            if (Interlocked.Increment(ref _ended) == Streams)
            {
                _allEnded.SetResult();
            }
        }
    }
}
