using Kadstone.Kademlia;

namespace Kadstone.Daemon.V1.Lookups;

/// <summary>Hears the lookups of one network, for the log.</summary>
/// <param name="log">Where they are kept.</param>
/// <param name="network">Whose they are.</param>
/// <param name="describe">A contact in words.</param>
/// <param name="targetOf">What is looked for, in words.</param>
internal sealed class LookupWatch<TContact>(LookupLog log, string network, Func<TContact, ContactText> describe, Func<LookupBeginning, string> targetOf)
    : ILookupObserver<TContact>
    where TContact : struct
{
    /// <summary>4,096: the contacts whose last round trip is remembered.</summary>
    private const int MaxRoundTrips = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<TContact, TimeSpan> _roundTrips = [];

    public string Network => network;

    public ILookupListener<TContact>? Began(LookupBeginning beginning, Instant now) =>
        log.Add((number, startedAt) => new LookupTrailOf<TContact>(this, number, beginning, now, startedAt));

    public ContactText Describe(TContact contact) => describe(contact);

    public string TargetOf(LookupBeginning beginning) => targetOf(beginning);

    /// <summary>How long a contact's last answer in a lookup took; null: not lately.</summary>
    public TimeSpan? RoundTripOf(TContact contact)
    {
        lock (_lock)
        {
            return _roundTrips.TryGetValue(contact, out TimeSpan roundTrip) ? roundTrip : null;
        }
    }

    internal void Answered(TContact contact, TimeSpan roundTrip)
    {
        lock (_lock)
        {
            if (_roundTrips.Count >= MaxRoundTrips && !_roundTrips.ContainsKey(contact))
            {
                _roundTrips.Clear();
            }

            _roundTrips[contact] = roundTrip;
        }
    }

    /// <summary>A write after a lookup came to its end.</summary>
    internal void Written(LookupTrail trail) => log.Changed?.Invoke(trail);

    internal void Ended(LookupTrail trail) => log.Ended(trail);
}
