namespace Kadstone.Kademlia;

/// <summary>Contacts that answered under another key than before, each until its ban ends. Bounded.</summary>
internal sealed class KeyChangers<TContact>(TimeSpan ban)
    where TContact : struct
{
    private const int Capacity = 64;

    private Dictionary<TContact, Instant>? _until;

    public bool Contains(in TContact contact, Instant now)
    {
        if (_until is null || !_until.TryGetValue(contact, out Instant until))
        {
            return false;
        }

        if (until > now)
        {
            return true;
        }

        _until.Remove(contact);
        return false;
    }

    public void Add(in TContact contact, Instant now)
    {
        if (ban == TimeSpan.Zero)
        {
            return;
        }

        _until ??= [];
        if (_until.Count >= Capacity)
        {
            _until.Remove(_until.MinBy(pair => pair.Value).Key);
        }

        _until[contact] = now + ban;
    }
}
