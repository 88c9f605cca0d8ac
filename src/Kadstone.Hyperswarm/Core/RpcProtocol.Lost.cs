using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>Contacts that fell silent and lost their place, and saved ones that have none yet: they lead back into a network that we lost.</summary>
/// <remarks>
/// Networks that fell apart must find each other again when both live on: no table is empty then, and each half has forgotten the other. So one
/// of the lost a minute is asked for our neighbours. When it names any that we do not know, we walk to our own id through it: both sides'
/// neighbours learn of each other.
/// </remarks>
internal sealed partial class RpcProtocol
{
    private const int MaxLost = 100;
    private static readonly TimeSpan s_lostPause = TimeSpan.FromMinutes(1);

    private readonly LostContacts<RpcContact> _lost = new(MaxLost);
    private Instant _askLostAt = Instant.Never;

    /// <summary>Contacts that are of use when nobody else answers.</summary>
    internal IReadOnlyList<RpcContact> Lost => _lost;

    /// <summary>Takes a contact of an earlier run: it is asked when the table is empty.</summary>
    internal void AddSaved(UdpEndpoint endpoint)
    {
        if (Accepts(endpoint) && !_lost.IsFull && !IsOwn(endpoint))
        {
            _lost.Add(RpcContact.FromEndpoint(endpoint), _chance);
        }
    }

    private void AskLost(Instant now)
    {
        if (now < _askLostAt)
        {
            return;
        }

        // While the table is empty joining asks them.
        _askLostAt = now + s_lostPause;
        if (Table.Count > 0 && _lost.TryPick(_chance, out RpcContact lost))
        {
            Ask(new LostAsker(this), Question.FindNode(Id), lost, null, attempts: 1, now);
        }
    }

    private void Found(RpcContact contact, ReadOnlySpan<RpcContact> named, Instant now)
    {
        _lost.Remove(contact);
        bool isKnown = true;
        foreach (ref readonly RpcContact neighbour in named)
        {
            isKnown &= Table.Contains(neighbour);
        }

        if (!isKnown && _join is not { IsFinished: false })
        {
            _join = Start(Question.FindNode(Id), Id, keeps: false, commits: false, JoinStepped, now);
            _join.Lookup.AddSeeds(named);
        }
    }

    /// <summary>Waits for what one of the lost answers.</summary>
    private sealed class LostAsker(RpcProtocol node) : IAsker
    {
        public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
        {
            Span<RpcContact> named = stackalloc RpcContact[RpcAnswer.MaxCloserNodes];
            int count = ((IWalkHost)node).ReadContacts(answer, named);
            node.Found(request.To, named[..count], now);
        }

        public void Silent(OpenRequest request, Instant now)
        {
        }
    }
}
