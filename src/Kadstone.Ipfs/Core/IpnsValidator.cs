using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Core;

/// <summary>The namespace <c>ipns</c>: signed records of a name, of which the highest number wins.</summary>
internal sealed class IpnsValidator : IRecordValidator
{
    public string Namespace => "ipns";

    public bool IsValid(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, DateTimeOffset now) =>
        Open(key, value) is IpnsEntry entry && entry.Validity.CompareTo(Rfc3339Time.From(now)) >= 0;

    public int SelectBest(ReadOnlySpan<byte> key, IReadOnlyList<ReadOnlyMemory<byte>> values)
    {
        int best = 0;
        IpnsEntry? bestEntry = null;
        for (int i = 0; i < values.Count; i++)
        {
            if (Open(key, values[i].Span) is not IpnsEntry entry)
            {
                continue;
            }

            // Of two with one number and one validity the greater bytes win, as go has it: then all peers keep the same.
            int order = bestEntry is null ? 1 : entry.CompareTo(bestEntry);
            if (order > 0 || (order == 0 && values[i].Span.SequenceCompareTo(values[best].Span) > 0))
            {
                best = i;
                bestEntry = entry;
            }
        }

        return best;
    }

    public static IpnsEntry? Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) =>
        key.StartsWith("/ipns/"u8) && PeerId.TryRead(key["/ipns/".Length..], out PeerId? name) ? IpnsEntry.TryOpen(value, name) : null;
}
