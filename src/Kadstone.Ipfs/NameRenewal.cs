using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Microsoft.Extensions.Logging;

namespace Kadstone.Ipfs;

/// <summary>Signs the names that are kept anew each time they are told, so that they do not end while their keys are held.</summary>
/// <remarks>As Kubo has it: value, number and time to live stay, the end moves. Of two records with one number the later end wins.</remarks>
internal sealed class NameRenewal(PrivateKey self, TimeSpan lifetime, ILogger logger)
{
    /// <summary>Whose keys are held besides our own; null: nobody's.</summary>
    public Func<PeerId, PrivateKey?>? Keys { get; set; }

    /// <summary>Whether a name can be signed.</summary>
    public bool IsHeld(PeerId name) => KeyOf(name) is not null;

    /// <summary>When a name ends that can be signed anew; null for every other value.</summary>
    public DateTimeOffset? EndOf(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value) =>
        NameOf(key) is PeerId name && IsHeld(name) && IpnsEntry.TryOpen(value.Span, name) is IpnsEntry entry ? entry.Validity.ToDateTimeOffset() : null;

    /// <summary>A name's record with a later end, even if it had ended; any other value as it is.</summary>
    public ReadOnlyMemory<byte> Renew(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, DateTimeOffset now)
    {
        if (NameOf(key) is not PeerId name || KeyOf(name) is not PrivateKey signer || IpnsEntry.TryOpen(value.Span, name) is not IpnsEntry entry)
        {
            return value;
        }

        // Who published for longer is not cut short.
        Rfc3339Time end = Rfc3339Time.From(now + lifetime);
        return end.CompareTo(entry.Validity) > 0 ? entry.SignAnew(signer, end) : value;
    }

    private static PeerId? NameOf(ReadOnlyMemory<byte> key) =>
        key.Span.StartsWith("/ipns/"u8) && PeerId.TryRead(key.Span["/ipns/".Length..], out PeerId? name) ? name : null;

    private PrivateKey? KeyOf(PeerId name)
    {
        if (name == self.PeerId)
        {
            return self;
        }

        try
        {
            return Keys?.Invoke(name) is PrivateKey key && key.PeerId == name ? key : null;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A key that cannot be read now is not held now; all else that is kept shall be told.
            IpfsLog.NoKey(logger, name, exception.Message);
            return null;
        }
    }
}
