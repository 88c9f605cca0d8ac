using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>The defence of a key against peers made to lie nearest to it: seen by their density, passed by through the region around them.</summary>
/// <remarks>
/// Sridhar and others, "Content Censorship in the InterPlanetary File System" (2023, CVE-2023-26248): twenty peers closest to a key that store
/// nothing hide its content. Whom others name near the key is theirs to say, so the region is looked up under other keys of it. Each of the
/// region, as large as some thirty honest peers fill it, is told or asked; who provides and who seeks need not have seen the same closest.
/// </remarks>
internal sealed partial class KadQuery
{
    // With N evenly spread peers the 20th closest is nearer than 8 / N to one key in 4,000.
    private const double SuspectPart = 0.4;

    // Half of the peers of the region lie in its first bucket, a quarter in the second.
    private const int SurveyLookups = 3;

    private const int LeastInRegion = 30;
    private const int MaxRegion = 100;

    private readonly List<HeardPeer> _region = [];
    private int _surveysToStart;
    private int _openSurveys;
    private bool _wasSurveyed;

    /// <summary>How many peers the network has, as far as is known; 0: it is not, and nothing is suspect.</summary>
    public double NetworkNodes { get; set; }

    /// <summary>Whether the closest that answered are nearer to the key than chance has it.</summary>
    public bool IsSuspect =>
        NetworkNodes > 2 * LeastInRegion && Answered.ElementAtOrDefault(_settings.Width - 1) is HeardPeer last
        && PartOfKeyspace(last.Distance) * NetworkNodes < SuspectPart * _settings.Width;

    private int RegionDepth => Math.Max(0, (int)Math.Floor(Math.Log2(NetworkNodes / LeastInRegion)));

    private IEnumerable<HeardPeer> Answered => _heard.All.Where(peer => peer.State == HeardState.Answered);

    private bool IsToBeSurveyed => _settings.GuardsKeys && !_wasSurveyed && !_isSatisfied && !IsUpkeep
        && Kind is KadQueryKind.Provide or KadQueryKind.FindProviders or KadQueryKind.PutValue or KadQueryKind.GetValue && IsSuspect;

    /// <summary>Names a bucket of the key that is to be looked up elsewhere than at the key; each is answered for by <see cref="OnSurveyed"/>. Call until false.</summary>
    public bool TryTakeSurvey(out int bucket)
    {
        bucket = RegionDepth + SurveyLookups - _surveysToStart;
        return _surveysToStart > 0 && _surveysToStart-- > 0;
    }

    /// <summary>A lookup in the region ended.</summary>
    public void OnSurveyed(IReadOnlyList<PeerContact> closest, Instant now)
    {
        _openSurveys--;
        foreach (PeerContact contact in closest.Where(contact => (contact.Key ^ Key).LeadingZeroCount >= RegionDepth && contact.Id != _settings.Self))
        {
            Hear(contact);
            if (_region.Count < MaxRegion && _heard.Find(contact.Id) is HeardPeer peer && !_region.Contains(peer))
            {
                // It has just answered: one who is only told need not be asked again.
                bool isOnlyTold = Kind is KadQueryKind.Provide or KadQueryKind.PutValue;
                peer.State = isOnlyTold && peer.State == HeardState.Heard ? HeardState.Answered : peer.State;
                _region.Add(peer);
            }
        }

        Settle(now);
    }

    private void BeginSurvey()
    {
        _wasSurveyed = true;
        _surveysToStart = SurveyLookups;
        _openSurveys = SurveyLookups;
        Phase = KadQueryPhase.Surveying;
    }
}
