using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>One network behind the API: the same verbs in the words of each.</summary>
internal abstract class DaemonNetwork
{
    /// <summary>mainline, hyperswarm or ipfs.</summary>
    public abstract string Name { get; }

    /// <summary>As people write it.</summary>
    public abstract string Title { get; }

    /// <summary>What a key of peers looks like, for errors: "40 hexadecimal digits".</summary>
    public abstract string KeyForm { get; }

    /// <summary>Where its values are in the store.</summary>
    public abstract IReadOnlyList<Shelf> ValueShelves { get; }

    /// <summary>How often an announcement is told again.</summary>
    public abstract TimeSpan AnnounceInterval { get; }

    /// <summary>How often a value is put again.</summary>
    public abstract TimeSpan ValueInterval { get; }

    /// <summary>What a value under its own key is called here: value, or name.</summary>
    public virtual string ValueKind => "value";

    /// <summary>Whether the first join is over, well or badly.</summary>
    public abstract bool IsReady { get; }

    public abstract NetworkFacts Facts();

    public abstract TableAnswer Table();

    /// <summary>A key of peers in its one spelling; false when it is none.</summary>
    public abstract bool TryReadKey(string text, out string key);

    public abstract IAsyncEnumerable<PeerAnswer> FindPeersAsync(string key, CancellationToken cancellationToken);

    /// <summary>Announces once.</summary>
    public abstract Task<Told> AnnounceAsync(string key, int? port, CancellationToken cancellationToken);

    /// <summary>Takes an announcement back, where that can be done.</summary>
    public abstract Task WithdrawAsync(string key, int? port, CancellationToken cancellationToken);

    /// <summary>A value by its key; null when nobody has it.</summary>
    public abstract Task<ValueAnswer?> GetValueAsync(string key, bool? isMutable, byte[] salt, CancellationToken cancellationToken);

    public abstract Task<PutDone> PutValueAsync(PutValue value, CancellationToken cancellationToken);

    /// <summary>Looks something of ours up through others alone.</summary>
    public abstract Task<Found> CheckAsync(KeptPublication publication, CancellationToken cancellationToken);

    /// <summary>Looks a random key up, and says how many nodes answered: 0 when the network is out of reach.</summary>
    public abstract Task<int> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>Ends listening to the lookups.</summary>
    public abstract void Leave();

    protected static TableAnswer AnswerOf<TKey, TContact>(
        string? id,
        TableView<TKey, TContact> table,
        Func<TContact, Lookups.ContactText> describe,
        Func<TContact, TimeSpan?> roundTripOf,
        Func<TContact, string?> agentOf)
        where TKey : struct, IKey<TKey>
        where TContact : struct
    {
        List<BucketAnswer> buckets = [];
        foreach (IGrouping<int, TableEntry<TContact>> bucket in table.Entries.GroupBy(entry => entry.Bucket).OrderBy(group => group.Key))
        {
            EntryAnswer[] contacts = [.. bucket.Select(entry =>
            {
                Lookups.ContactText contact = describe(entry.Contact);
                TimeSpan silence = table.At - entry.LastSeen;
                string state = entry.Failures >= table.MaxFailures ? "bad" : entry.Failures > 0 || silence > table.DoubtfulAfter ? "doubtful" : "good";
                return new EntryAnswer(
                    contact.Id,
                    Convert.ToHexStringLower(contact.Point),
                    contact.Address,
                    state,
                    roundTripOf(entry.Contact)?.TotalMilliseconds,
                    Math.Max(0, silence.TotalSeconds),
                    agentOf(entry.Contact));
            })];
            buckets.Add(new BucketAnswer(bucket.Key, table.Capacities[bucket.Key], contacts));
        }

        return new TableAnswer(id, Convert.ToHexStringLower(Bytes(table.Self)), table.Entries.Count, buckets);
    }

    protected static byte[] Bytes<TKey>(TKey key)
        where TKey : struct, IKey<TKey>
    {
        byte[] bytes = new byte[TKey.ByteLength];
        key.Write(bytes);
        return bytes;
    }

    /// <summary>The bytes as text when they are printable UTF-8; else null.</summary>
    internal static string? TextOf(ReadOnlySpan<byte> bytes)
    {
        if (!System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return null;
        }

        string text = System.Text.Encoding.UTF8.GetString(bytes);
        return text.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\t' or '\r')) ? null : text;
    }

    protected static bool TryReadHex(string text, int length, out byte[] bytes)
    {
        bytes = new byte[length];
        return text.Length == length * 2 && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
    }
}
