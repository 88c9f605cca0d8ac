namespace Kadstone.Kademlia;

/// <summary>Counts the entries of a table by a few bits of their hash, so that one look says of almost every stranger that he is none.</summary>
/// <remarks>Most queries come from strangers, and the first buckets are wide: without it each would cost a scan of the whole table. Whoever
/// crafts contacts of one hash gets that scan, no more.</remarks>
internal sealed class Presence<TContact>
    where TContact : struct
{
    /// <summary>A power of two, several times the entries that a table holds.</summary>
    private const int Slots = 2048;

    private readonly byte[] _counts = new byte[Slots];

    public bool MayHold(in TContact contact) => _counts[SlotOf(contact)] != 0;

    public void Add(in TContact contact)
    {
        ref byte count = ref _counts[SlotOf(contact)];
        count += (byte)(count < byte.MaxValue ? 1 : 0);
    }

    /// <summary>A count that was full once stays full: it is no longer known.</summary>
    public void Remove(in TContact contact)
    {
        ref byte count = ref _counts[SlotOf(contact)];
        count -= (byte)(count < byte.MaxValue ? 1 : 0);
    }

    private static int SlotOf(in TContact contact)
    {
        uint hash = (uint)contact.GetHashCode() * 0x9E3779B1;
        return (int)(hash >> 21);
    }
}
