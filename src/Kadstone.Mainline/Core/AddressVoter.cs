using Kadstone.Datagrams;

namespace Kadstone.Mainline.Core;

/// <summary>What our address is, by the votes of nodes that answered us.</summary>
/// <remarks>
/// BEP 42 puts the requester's address into each answer. One vote a prefix (/24, /64), so that one host cannot outvote the rest;
/// an address is believed when at least <see cref="Quorum"/> voters spoke and two thirds of them agree.
/// </remarks>
internal sealed class AddressVoter
{
    /// <summary>The fewest voters that decide.</summary>
    internal const int Quorum = 8;

    private const int MaxVotes = 48;

    private readonly record struct Vote(ulong Voter, UdpEndpoint Seen);

    private readonly List<Vote> _votes = [];
    private int _oldest;

    /// <summary>The address and port that most voters see now, when they agree; null before.</summary>
    internal UdpEndpoint? Agreed { get; private set; }

    /// <summary>Whether the voters see one port: a symmetric NAT shows each of them another.</summary>
    internal bool PortsAgree { get; private set; }

    /// <summary>Counts one vote; the latest of a prefix stands.</summary>
    /// <returns>True when the agreed address changed.</returns>
    internal bool Cast(ulong voterPrefix, UdpEndpoint seen)
    {
        int index = _votes.FindIndex(vote => vote.Voter == voterPrefix);
        if (index >= 0)
        {
            _votes[index] = new Vote(voterPrefix, seen);
        }
        else if (_votes.Count < MaxVotes)
        {
            _votes.Add(new Vote(voterPrefix, seen));
        }
        else
        {
            _votes[_oldest] = new Vote(voterPrefix, seen);
            _oldest = (_oldest + 1) % MaxVotes;
        }

        return Count();
    }

    private bool Count()
    {
        if (_votes.Count < Quorum)
        {
            return false;
        }

        // Boyer and Moore: only an address with a majority can survive, and two thirds is one.
        ulong candidate = 0;
        int lead = 0;
        foreach (Vote vote in _votes)
        {
            if (lead == 0)
            {
                candidate = vote.Seen.Host;
            }

            lead += vote.Seen.Host == candidate ? 1 : -1;
        }

        int agreeing = 0;
        int samePort = 0;
        UdpEndpoint latest = default;
        foreach (Vote vote in _votes)
        {
            if (vote.Seen.Host == candidate)
            {
                latest = vote.Seen;
                agreeing++;
            }
        }

        foreach (Vote vote in _votes)
        {
            samePort += vote.Seen == latest ? 1 : 0;
        }

        if (agreeing * 3 < _votes.Count * 2)
        {
            return false;
        }

        PortsAgree = samePort * 3 >= agreeing * 2;
        bool changed = Agreed?.Host != latest.Host;
        Agreed = latest;
        return changed;
    }
}
