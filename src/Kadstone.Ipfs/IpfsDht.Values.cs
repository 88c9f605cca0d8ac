using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;


namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Finds the best valid value under a key, and hands it to those of the closest peers that had none or a worse one.</summary>
    /// <param name="key">The whole record key: <c>/ipns/</c> or <c>/pk/</c> and a multihash, or a key of one's own namespace.</param>
    /// <param name="options">How many values are enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RecordNotFoundException">There is none.</exception>
    /// <exception cref="InvalidRecordException">The key's namespace has no validator.</exception>
    public async Task<ReadOnlyMemory<byte>> GetAsync(ReadOnlyMemory<byte> key, GetOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <inheritdoc cref="GetAsync(ReadOnlyMemory{byte}, GetOptions?, CancellationToken)"/>
    /// <param name="key">A key as text. Behind <c>/ipns/</c> and <c>/pk/</c> stands any text of a peer id; others are taken as UTF-8.</param>
    /// <param name="options">How many values are enough.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<ReadOnlyMemory<byte>> GetAsync(string key, GetOptions? options = null, CancellationToken cancellationToken = default) => GetAsync(RecordKey.Parse(key), options, cancellationToken);

    /// <summary>What happens while a value is sought: each that is better than those before is a <see cref="QueryEventType.Value"/>.</summary>
    /// <exception cref="RecordNotFoundException">There is none: thrown after the last event.</exception>
    public IAsyncEnumerable<QueryEvent> GetEventsAsync(ReadOnlyMemory<byte> key, GetOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Stores a value here and on the 20 peers closest to its key.</summary>
    /// <exception cref="InvalidRecordException">The value may not stand under the key.</exception>
    /// <exception cref="RecordRejectedException">A better one is stored here already, or no peer took it.</exception>
    /// <exception cref="NoPeersException">There is nobody to store it.</exception>
    public async Task<PutOutcome> PutAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

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
    public IAsyncEnumerable<QueryEvent> PutEventsAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, PutOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
