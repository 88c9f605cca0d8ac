using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;


namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Finds the best valid value under a key, and hands it to those of the closest peers that had none or a worse one.</summary>
    /// <param name="key">The whole record key: <c>/ipns/</c> or <c>/pk/</c> and a multihash, or a key of one's own namespace.</param>
    /// <param name="options">How many values are enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RecordNotFoundException">There is none.</exception>
    /// <exception cref="InvalidRecordException">The key's namespace has no validator.</exception>
    public async Task<ReadOnlyMemory<byte>> GetAsync(ReadOnlyMemory<byte> key, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        StrongBox<ReadOnlyMemory<byte>> best = new();
        await GuardAsync(token => SeekValueAsync(key, options, best, token), options, cancellationToken).ConsumeAsync(cancellationToken).ConfigureAwait(false);
        return best.Value;
    }

    /// <inheritdoc cref="GetAsync(ReadOnlyMemory{byte}, GetOptions?, CancellationToken)"/>
    /// <param name="key">A key as text. Behind <c>/ipns/</c> and <c>/pk/</c> stands any text of a peer id; others are taken as UTF-8.</param>
    /// <param name="options">How many values are enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ReadOnlyMemory<byte>> GetAsync(string key, GetOptions? options = null, CancellationToken cancellationToken = default) => GetAsync(RecordKey.Parse(key), options, cancellationToken);

    /// <summary>What happens while a value is sought: each that is better than those before is a <see cref="QueryEventType.Value"/>.</summary>
    /// <exception cref="RecordNotFoundException">There is none: thrown after the last event.</exception>
    public IAsyncEnumerable<QueryEvent> GetEventsAsync(ReadOnlyMemory<byte> key, GetOptions? options = null, CancellationToken cancellationToken = default) =>
        GuardAsync(token => SeekValueAsync(key, options, new StrongBox<ReadOnlyMemory<byte>>(), token), options, cancellationToken);

    /// <summary>Stores a value here and on the 20 peers closest to its key.</summary>
    /// <exception cref="InvalidRecordException">The value may not stand under the key.</exception>
    /// <exception cref="RecordRejectedException">A better one is stored here already, or no peer took it.</exception>
    /// <exception cref="NoPeersException">There is nobody to store it.</exception>
    public async Task<PutOutcome> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default)
    {
        StrongBox<PutOutcome> outcome = new();
        await GuardAsync(token => StoreAsync(key, value, options?.Keep ?? false, outcome, token), options, cancellationToken).ConsumeAsync(cancellationToken).ConfigureAwait(false);
        return outcome.Value;
    }

    /// <inheritdoc cref="PutAsync(ReadOnlyMemory{byte}, ReadOnlyMemory{byte}, PutOptions?, CancellationToken)"/>
    /// <param name="key">A key as text, as in <see cref="GetAsync(string, GetOptions?, CancellationToken)"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<PutOutcome> PutAsync(string key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(RecordKey.Parse(key), value, options, cancellationToken);

    /// <summary>Stores a value of any type, as JSON.</summary>
    /// <param name="key">A key as text, as in <see cref="GetAsync(string, GetOptions?, CancellationToken)"/>.</param>
    /// <param name="value">The value.</param>
    /// <param name="type">How it becomes JSON: source-generated, so that it works ahead of time.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<PutOutcome> PutAsync<T>(string key, T value, JsonTypeInfo<T> type, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        PutAsync(RecordKey.Parse(key), System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(value, type), options, cancellationToken);

    /// <summary>Finds a value that was put as JSON.</summary>
    /// <exception cref="System.Text.Json.JsonException">The value is no such JSON.</exception>
    public async Task<T?> GetAsync<T>(string key, JsonTypeInfo<T> type, GetOptions? options = null, CancellationToken cancellationToken = default) =>
        System.Text.Json.JsonSerializer.Deserialize((await GetAsync(key, options, cancellationToken).ConfigureAwait(false)).Span, type);

    /// <summary>What happens while the closest peers are found and given the value.</summary>
    public IAsyncEnumerable<QueryEvent> PutEventsAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default) =>
        GuardAsync(token => StoreAsync(key, value, options?.Keep ?? false, new StrongBox<PutOutcome>(), token), options, cancellationToken);

    private async IAsyncEnumerable<QueryEvent> SeekValueAsync(ReadOnlyMemory<byte> key, GetOptions? options, StrongBox<ReadOnlyMemory<byte>> best, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!_rules.Knows(key.Span))
        {
            throw new InvalidRecordException("The key's namespace has no validator.");
        }

        int quorum = options?.Quorum ?? RecordRules.QuorumOf(key.Span);
        ArgumentOutOfRangeException.ThrowIfNegative(quorum, nameof(options));
        KadRecord? own = await _desk.GetAsync(key, cancellationToken).ConfigureAwait(false);
        using QueryRun run = Run(node => WithOwn(node.NewQuery(KadQueryKind.GetValue, key, quorum: quorum), own));
        await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return happened;
        }

        ReadOnlyMemory<byte>? found = null;
        foreach (ReadOnlyMemory<byte>? value in run.All(query => query.Best))
        {
            found = value is ReadOnlyMemory<byte> candidate && (found is not ReadOnlyMemory<byte> before || _rules.IsBetter(key.Span, candidate, before)) ? candidate : found;
        }

        best.Value = found ?? throw (run.HadNobody ? NobodyToAsk() : new RecordNotFoundException("No peer that was asked holds a valid value under the key."));
    }

    private static KadQuery WithOwn(KadQuery query, KadRecord? own)
    {
        if (own is not null)
        {
            query.Offer(own.Value);
        }

        return query;
    }

    private async IAsyncEnumerable<QueryEvent> StoreAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, bool isKept, StrongBox<PutOutcome> outcome, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        RecordVerdict verdict = await _desk.PutAsync(key, value, cancellationToken).ConfigureAwait(false);
        if (verdict != RecordVerdict.Stored)
        {
            throw verdict switch
            {
                RecordVerdict.Invalid => new InvalidRecordException("The value may not stand under the key."),
                RecordVerdict.Worse => new RecordRejectedException("A better value stands under the key already."),
                _ => new RecordRejectedException("There is no room in the store."),
            };
        }

        if (isKept)
        {
            await _keeper.RememberValueAsync(key, value, cancellationToken).ConfigureAwait(false);
        }

        using QueryRun run = RunPut(key, value);
        await foreach (QueryEvent happened in run.EventsAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return happened;
        }

        outcome.Value = new PutOutcome(run.Sum(query => query.Told), run.Sum(query => query.NotTold), value.Length);
        if (outcome.Value.StoredOn == 0)
        {
            throw run.HadNobody ? NobodyToAsk() : new RecordRejectedException("No peer took the value.");
        }
    }

    private QueryRun RunPut(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) =>
        Run(node => node.NewQuery(KadQueryKind.PutValue, key, record: new KadRecord(key, value, null)));
}
