using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs;

/// <summary>Our requests, each on a stream of its own.</summary>
internal sealed partial class KadNode
{
    /// <summary>Tells a peer many things on one stream, none of which is answered.</summary>
    /// <returns>How many it took, from the first on. None, if it is not reached.</returns>
    internal async Task<int> TellAsync(PeerContact contact, IEnumerable<KadMessage> messages, CancellationToken cancellationToken)
    {
        using CancellationTokenSource timeout = new(_requestTimeout, _time);
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken, _closing.Token);
        int told = 0;
        try
        {
            PeerStream stream = await _network.OpenAsync(contact.Info, Protocol, any.Token).ConfigureAwait(false);
            try
            {
                foreach (KadMessage message in messages)
                {
                    await stream.WriteMessageAsync(message.Encode(), any.Token).ConfigureAwait(false);
                    timeout.CancelAfter(_requestTimeout);
                    told++;
                }

                await stream.CloseWriteAsync().ConfigureAwait(false);
                await WaitForEndAsync(stream, any.Token).ConfigureAwait(false);
                await stream.DisposeAsync().ConfigureAwait(false);
            }
            catch
            {
                stream.Reset();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            IpfsLog.RequestFailed(_logger, nameof(KadMessageType.AddProvider), contact.Id, exception.Message);
        }

        return told;
    }

    private async Task PumpAsync()
    {
        List<KadRequest> requests = [];
        while (!_closing.IsCancellationRequested)
        {
            Take(requests);
            foreach (KadRequest request in requests)
            {
                Send(request);
            }

            requests.Clear();
            try
            {
                await _wake.WaitAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Take(List<KadRequest> requests)
    {
        List<Wake> readers = [];
        lock (_lock)
        {
            Instant now = Now;
            if (_protocol.NextDeadline <= now)
            {
                _protocol.Elapse(now);
                readers.AddRange(_readers.Values);
            }

            while (_protocol.TryTakeRequest(now, out KadRequest? request) && request is not null)
            {
                requests.Add(request);
                if (request.Query is KadQuery query && _readers.TryGetValue(query, out Wake? reader))
                {
                    readers.Add(reader);
                }
            }

            Instant next = _protocol.NextDeadline;
            _timer.Change(next == Instant.Never ? Timeout.InfiniteTimeSpan : Capped(next - now), Timeout.InfiniteTimeSpan);
        }

        readers.ForEach(reader => reader.Set());
    }

    // A timer waits 49 days at most, and not at all for what is over.
    private static TimeSpan Capped(TimeSpan wait) => wait <= TimeSpan.Zero ? TimeSpan.FromMilliseconds(1) : wait > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : wait + TimeSpan.FromMilliseconds(1);

    private void Send(KadRequest request)
    {
        Task sending = Task.Run(() => SendAsync(request));
        lock (_lock)
        {
            _sending.Add(sending);
        }

        _ = sending.ContinueWith(
            done =>
            {
                lock (_lock)
                {
                    _sending.Remove(done);
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    private async Task SendAsync(KadRequest request)
    {
        using CancellationTokenSource timeout = new(_requestTimeout, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _closing.Token);
        string reason;
        bool countsAgainst = true;
        try
        {
            KadMessage answer = await AskAsync(request, either.Token).ConfigureAwait(false);
            Report(request, () => _protocol.OnAnswer(request, answer, _time.GetUtcNow(), Now));
            return;
        }
        catch (PeerUnreachableException exception)
        {
            reason = exception.IsBackoff ? QueryEvent.DialBackoff : exception.Message;
            countsAgainst = !exception.IsBackoff;
        }
        catch (OperationCanceledException)
        {
            reason = "no answer in time";
            countsAgainst = !_closing.IsCancellationRequested;
        }
        catch (Exception exception) when (exception is IOException or InvalidDataException)
        {
            reason = exception.Message;
        }
        catch (ObjectDisposedException)
        {
            reason = "the host is closed";
            countsAgainst = false;
        }

        IpfsLog.RequestFailed(_logger, request.Message.Type.ToString(), request.Contact.Id, reason);
        Report(request, () => _protocol.OnFailure(request, reason, countsAgainst, Now));
    }

    private async Task<KadMessage> AskAsync(KadRequest request, CancellationToken cancellationToken)
    {
        PeerStream stream = await _network.OpenAsync(request.Contact.Info, Protocol, cancellationToken).ConfigureAwait(false);
        try
        {
            // Our direction stays open until the answer is there: one make of peer resets a stream that ends while it reads on.
            await stream.WriteMessageAsync(request.Message.Encode(), cancellationToken).ConfigureAwait(false);
            if (!request.IsAnswered)
            {
                await stream.CloseWriteAsync().ConfigureAwait(false);
                await WaitForEndAsync(stream, cancellationToken).ConfigureAwait(false);
                await stream.DisposeAsync().ConfigureAwait(false);
                return request.Message;
            }

            byte[] bytes = await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, cancellationToken).ConfigureAwait(false) ?? throw new EndOfStreamException("The stream ended without an answer.");
            KadMessage answer = KadMessage.TryRead(bytes) ?? throw new InvalidDataException("The answer is no kad message.");
            if (answer.Type != request.Message.Type)
            {
                throw new InvalidDataException("The answer is one to another question.");
            }

            await stream.DisposeAsync().ConfigureAwait(false);
            return answer;
        }
        catch
        {
            stream.Reset();
            throw;
        }
    }

    // What nobody answers counts as taken once it is out. The end of the other direction, in whatever way, says that it was dealt with.
    private async Task WaitForEndAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        using CancellationTokenSource patience = new(TimeSpan.FromSeconds(1), _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await stream.ReadMessageAsync(KadMessage.MaxSentLength, either.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StreamResetException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
        }
    }

    private void Report(KadRequest request, Action report)
    {
        Wake? reader = null;
        lock (_lock)
        {
            report();
            TellWaitersNeedsLock();
            if (request.Query is KadQuery query)
            {
                _readers.TryGetValue(query, out reader);
            }
        }

        reader?.Set();
        _wake.Set();
    }
}
