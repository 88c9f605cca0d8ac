namespace Kadstone.Kademlia;

/// <summary>Contacts that answered while their bucket was full, oldest first.</summary>
/// <remarks>The Kademlia paper, section 4.1: "each k-bucket has a replacement cache of nodes eligible to replace unresponsive nodes."</remarks>
internal sealed class ReplacementCache<TKey, TContact>(int capacity)
    where TKey : struct, IKey<TKey>
    where TContact : struct, IContact<TContact, TKey>
{
    private readonly List<TContact> _contacts = [];
    private readonly List<Instant> _seen = [];

    public int Count => _contacts.Count;

    public TContact this[int index] => _contacts[index];

    public Instant SeenAt(int index) => _seen[index];

    public int IndexOf(in TContact contact)
    {
        for (int i = 0; i < _contacts.Count; i++)
        {
            if (_contacts[i].Equals(contact))
            {
                return i;
            }
        }

        return -1;
    }

    public void RemoveAt(int index)
    {
        _contacts.RemoveAt(index);
        _seen.RemoveAt(index);
    }

    /// <summary>Adds the freshest. Its own host and prefix make room first, so that one network cannot flush the others.</summary>
    public void Add(in TContact contact, Instant seen, DiversityLimits? limits)
    {
        if (limits is not null)
        {
            int onHost = 0;
            int inPrefix = 0;
            for (int i = Count - 1; i >= 0; i--)
            {
                bool crowded = (_contacts[i].Host == contact.Host && ++onHost >= limits.PerHost)
                    || (_contacts[i].Prefix == contact.Prefix && ++inPrefix >= limits.PerPrefixInBucket);
                if (crowded)
                {
                    RemoveAt(i);
                }
            }
        }

        if (Count >= capacity)
        {
            RemoveAt(0);
        }

        _contacts.Add(contact);
        _seen.Add(seen);
    }
}
