namespace Kadstone.Hyperswarm;

/// <summary>The value of a response to LOOKUP. A node that knows nobody sends none.</summary>
/// <remarks>
/// npm hyperdht 6, lib/messages.js, <c>lookupRawReply</c>. A responder that walks its own table writes the same piece by piece:
/// the count, each peer, the bump.
/// </remarks>
internal readonly ref struct LookupAnswer(HyperPeers peers, bool hasBump, long bump) : ICompactValue<LookupAnswer>
{
    /// <summary>20: the most peers of an answer.</summary>
    public const int MaxPeers = 20;

    /// <summary>The peers; nodes send at most <see cref="MaxPeers"/>, but nothing holds a liar to that.</summary>
    public HyperPeers Peers { get; } = peers;

    /// <summary>Whether there is a <see cref="Bump"/>: old nodes send none.</summary>
    public bool HasBump { get; } = hasBump;

    /// <summary>When somebody last asked those who watch the topic to look again: milliseconds since 1970; 0 for never.</summary>
    public long Bump { get; } = bump;

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out LookupAnswer value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!HyperPeers.TryRead(ref reader, out HyperPeers peers))
        {
            return false;
        }

        bool hasBump = !reader.AtEnd;
        long bump = 0;
        if (hasBump && !reader.TryReadUInt(out bump))
        {
            return false;
        }

        value = new LookupAnswer(peers, hasBump, bump);
        return true;
    }

    /// <inheritdoc/>
    public void Write(scoped ref CompactWriter writer)
    {
        writer.UInt(Peers.Count);
        writer.Fixed(Peers.Encoded);
        if (HasBump)
        {
            writer.UInt(Bump);
        }
    }
}
