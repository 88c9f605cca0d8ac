using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Storage;

namespace Kadstone.Ipfs;

/// <summary>The requests of others, one after another on each of their streams.</summary>
internal sealed partial class KadNode
{
    private static readonly TimeSpan s_idle = TimeSpan.FromMinutes(1);

    private async Task ServeAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        // An answer takes microseconds, or waits for the store without blocking.
        stream.ContinuesInline = true;
        using CancellationTokenSource idle = new(s_idle, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, cancellationToken, _closing.Token);
        while (await ReadRequestAsync(stream, idle, either.Token).ConfigureAwait(false) is byte[] bytes)
        {
            if (KadMessage.TryRead(bytes) is not KadMessage request)
            {
                throw Refusal(stream, "garbage");
            }

            if (await AnswerAsync(stream, request, either.Token).ConfigureAwait(false) is KadMessage answer)
            {
                await stream.WriteMessageAsync(answer.Encode(), either.Token).ConfigureAwait(false);
            }
        }

        await stream.CloseWriteAsync().ConfigureAwait(false);
    }

    private async ValueTask<byte[]?> ReadRequestAsync(PeerStream stream, CancellationTokenSource idle, CancellationToken cancellationToken)
    {
        try
        {
            ValueTask<byte[]?> reading = stream.ReadMessageAsync(KadMessage.MaxRequestLength, cancellationToken);
            if (!reading.IsCompleted)
            {
                idle.CancelAfter(s_idle);
            }

            return await reading.ConfigureAwait(false);
        }
        catch (InvalidDataException)
        {
            throw Refusal(stream, "length");
        }
    }

    private async ValueTask<KadMessage?> AnswerAsync(PeerStream stream, KadMessage request, CancellationToken cancellationToken)
    {
        KadVerdict verdict;
        KadMessage? answer;
        lock (_lock)
        {
            verdict = _protocol.Answer(stream.Remote, request, Now, out answer);
        }

        try
        {
            switch (verdict)
            {
                case KadVerdict.ReadsValue when answer is not null:
                    return answer with { Record = await _desk.GetAsync(request.Key, cancellationToken).ConfigureAwait(false) };
                case KadVerdict.WritesValue when request.Record is KadRecord record:
                    RecordVerdict became = await _desk.PutAsync(request.Key, record.Value, cancellationToken).ConfigureAwait(false);
                    return became == RecordVerdict.Stored ? request with { Closer = [], Providers = [] } : throw Refusal(stream, became.ToString());
                case KadVerdict.Refused:
                    throw Refusal(stream, request.Type.ToString());
                default:
                    return answer;
            }
        }
        catch (StoreUnavailableException exception)
        {
            IpfsLog.StoreFailed(_logger, exception.Message);
            throw Refusal(stream, "store");
        }
    }

    private StreamResetException Refusal(PeerStream stream, string what)
    {
        IpfsLog.Refused(_logger, what, stream.Remote);
        return new StreamResetException("The request was refused.");
    }
}
