using Kadstone.Ipfs.Wire;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>How a node that lost a part of its network finds back: those that lost their place are remembered, and one a minute is asked for our neighbours.</summary>
internal sealed partial class KadProtocol
{
    private const int MaxLost = 64;

    // Of those, for each lookup without a table: a node without a network would else dial all of them with every attempt to join.
    private const int FewLost = 8;

    // With fewer sound entries the table alone cannot be trusted to grow again.
    private const int FewContacts = 8;
    private static readonly TimeSpan s_lostPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_longestThinPause = TimeSpan.FromMinutes(2);

    private readonly LostContacts<PeerContact> _lost = new(MaxLost);
    private Instant _askLostAt = Instant.Never;

    private bool IsLookingForSelf => _queries.Exists(IsOfSelf);

    private void Failed(in PeerContact contact, Instant now)
    {
        // The request may have been to a part of its addresses, or to those that another named.
        PeerContact entry = _table.Find(contact) ?? contact;
        if (_table.Failed(entry, now))
        {
            _lost.Add(entry, _chance);
            _askLostAt = Instant.Earlier(_askLostAt, now + s_lostPause);
        }
    }

    private void AskLost(Instant now)
    {
        if (_askLostAt <= now)
        {
            bool hasSome = _lost.TryPick(_chance, out PeerContact lost);
            _askLostAt = hasSome ? now + s_lostPause : Instant.Never;
            if (hasSome)
            {
                Check(lost);
            }
        }
    }

    /// <summary>One that was lost is back. When it names neighbours that we do not know it may be of another part of the network: both parts' neighbours are to learn of each other.</summary>
    private void Found(KadMessage answer, Instant now)
    {
        PeerContact[] named = MayBeAsked(answer, now);
        if (!IsLookingForSelf && Array.Exists(named, contact => !_table.Contains(contact)))
        {
            StartUpkeep(_settings.Self.Bytes, now, named);
        }
    }

    /// <summary>Whom a lookup begins with: the nearest entries; without any bootstrap peers, and some of those that were lost.</summary>
    private IEnumerable<PeerContact> SeedsOf(KadQuery query)
    {
        PeerContact[] nearest = new PeerContact[_settings.Width];
        int count = _table.CopyClosest(query.Key, nearest);
        return count > 0 ? nearest.Take(count) : _bootstrap.Values.Concat(SomeLost());
    }

    private IEnumerable<PeerContact> SomeLost()
    {
        int first = _lost.Count > FewLost ? _chance.Next(_lost.Count) : 0;
        return _lost.Skip(first).Concat(_lost.Take(first)).Take(FewLost);
    }

    /// <summary>Whom a lookup of ourselves begins with besides, while the table cannot fill one. Not just after joining: those that answered first know better than all that were saved.</summary>
    private PeerContact[] SeedsOfSmallTable() => _table.Count < _settings.Width ? [.. _bootstrap.Values] : [];

    private bool IsOfSelf(KadQuery query) => query.IsUpkeep && query.Target.Span.SequenceEqual(_settings.Self.Bytes.Span);
}
