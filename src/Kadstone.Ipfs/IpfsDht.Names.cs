using System.Text;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Whose names are signed anew before they end, besides our own: the key of a name, or null where it is not held. Default null: nobody's.</summary>
    /// <remarks>Asked each time such a name is told again, so that a name whose key is given away ends with its last record. What it throws is logged, and the key not held.</remarks>
    public Func<PeerId, PrivateKey?>? NameKeys
    {
        get => _renewal.Keys;
        set => _renewal.Keys = value;
    }

    /// <summary>Lets an IPNS name lead to a path: makes a record, signs it, and puts it.</summary>
    /// <param name="key">
    /// The name's key. Our own, and one that <see cref="NameKeys"/> has, signs the name anew as long as it is kept; any other is lent
    /// for this record, and the name ends with it: <see cref="IpnsName.IsRenewed"/> tells.
    /// </param>
    /// <param name="path">Where it leads, such as <c>/ipfs/bafy…</c>.</param>
    /// <param name="options">For how long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RecordRejectedException">A record with a higher number is stored already, or no peer took ours.</exception>
    public async Task<IpnsName> PublishNameAsync(PrivateKey key, string path, PublishOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new PublishOptions();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Lifetime, TimeSpan.Zero, nameof(options));
        byte[] recordKey = RecordKey.OfName(key.PeerId);
        ulong sequence = options.Sequence ?? await NextSequenceAsync(recordKey, options, cancellationToken).ConfigureAwait(false);
        Rfc3339Time validity = Rfc3339Time.From(_time.GetUtcNow() + options.Lifetime);
        byte[] record = IpnsEntry.Create(key, path, sequence, validity, options.TimeToLive);
        PutOutcome outcome = await PutAsync(recordKey, record, new PutOptions { Keep = options.Keep, Timeout = options.Timeout }, cancellationToken).ConfigureAwait(false);
        return new IpnsName(key.PeerId, path, sequence, validity.ToDateTimeOffset(), options.TimeToLive) { Put = outcome, IsRenewed = options.Keep && _renewal.IsHeld(key.PeerId) };
    }

    /// <summary>Tells no more of a name. It ends with its last record, or leads where another node publishes it to.</summary>
    /// <returns>False when it was not kept.</returns>
    public async Task<bool> StopPublishingNameAsync(PeerId name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ThrowIfClosed();
        return await _keeper.ForgetValueAsync(RecordKey.OfName(name), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where an IPNS name leads.</summary>
    /// <exception cref="RecordNotFoundException">There is no valid record.</exception>
    public async Task<IpnsName> ResolveNameAsync(PeerId name, GetOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        ReadOnlyMemory<byte> record = await GetAsync(RecordKey.OfName(name), options, cancellationToken).ConfigureAwait(false);
        IpnsEntry entry = IpnsEntry.TryOpen(record.Span, name) ?? throw new RecordNotFoundException("The record is not valid.");
        ulong longest = (ulong)TimeSpan.MaxValue.Ticks;
        return new IpnsName(
            name,
            Encoding.UTF8.GetString(entry.Data.Value.Span),
            entry.Data.Sequence,
            entry.Validity.ToDateTimeOffset(),
            TimeSpan.FromTicks((long)Math.Min(entry.Data.TimeToLive / 100, longest)));
    }

    // Another device of the same owner may have published since: the network is asked, not our store alone.
    private async Task<ulong> NextSequenceAsync(byte[] recordKey, PublishOptions options, CancellationToken cancellationToken)
    {
        try
        {
            ReadOnlyMemory<byte> last = await GetAsync(recordKey, new GetOptions { Timeout = options.Timeout }, cancellationToken).ConfigureAwait(false);
            return IpnsValidator.Open(recordKey, last.Span) is IpnsEntry entry ? entry.Data.Sequence + 1 : 0;
        }
        catch (Exception exception) when (exception is RecordNotFoundException or NoPeersException)
        {
            // Where nobody is to be asked, the put says so, and keeps the record here.
            return 0;
        }
    }
}
