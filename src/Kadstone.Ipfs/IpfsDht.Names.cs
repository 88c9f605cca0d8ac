using System.Text;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Lets an IPNS name lead to a path: makes a record, signs it, and puts it.</summary>
    /// <param name="key">The name's key; ours or any other.</param>
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
        return new IpnsName(key.PeerId, path, sequence, validity.ToDateTimeOffset(), options.TimeToLive) { Put = outcome };
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
