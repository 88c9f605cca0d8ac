using System.Collections;

namespace Kadstone.Kademlia;

/// <summary>Contacts that fell silent and lost their place in the table, remembered because they may lead back into a network that we lost.</summary>
/// <typeparam name="TContact">Who is remembered; equal ones once.</typeparam>
/// <remarks>
/// Networks that fell apart must find each other again when both live on: no table is empty then, and each half has forgotten the other.
/// So a network asks one of these now and then for our neighbours, and when it names any that we do not know, looks for our own key through them.
/// </remarks>
/// <param name="capacity">How many are remembered at most.</param>
public sealed class LostContacts<TContact>(int capacity) : IReadOnlyList<TContact>
    where TContact : struct, IEquatable<TContact>
{
    private readonly List<TContact> _contacts = [];

    /// <inheritdoc/>
    public int Count => _contacts.Count;

    /// <summary>Whether nobody more is remembered without another's leaving.</summary>
    public bool IsFull => _contacts.Count >= capacity;

    /// <inheritdoc/>
    public TContact this[int index] => _contacts[index];

    /// <summary>Remembers a contact. When full a random one makes room: of those lost long ago some stay, however many are lost since.</summary>
    public void Add(TContact contact, Random chance)
    {
        ArgumentNullException.ThrowIfNull(chance);
        if (_contacts.Contains(contact))
        {
            return;
        }

        if (IsFull)
        {
            _contacts[chance.Next(_contacts.Count)] = contact;
        }
        else
        {
            _contacts.Add(contact);
        }
    }

    /// <summary>Forgets a contact, for it was found again.</summary>
    /// <returns>False when it was not remembered.</returns>
    public bool Remove(TContact contact) => _contacts.Remove(contact);

    /// <summary>A random one of them; false when there is none. It stays.</summary>
    public bool TryPick(Random chance, out TContact contact)
    {
        ArgumentNullException.ThrowIfNull(chance);
        contact = _contacts.Count > 0 ? _contacts[chance.Next(_contacts.Count)] : default;
        return _contacts.Count > 0;
    }

    /// <inheritdoc/>
    public IEnumerator<TContact> GetEnumerator() => _contacts.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
