using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.InteropServices;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>The open requests of a node: an answer counts only when transaction, address, port and socket all fit.</summary>
/// <typeparam name="TTag">What the protocol wants back with the answer.</typeparam>
/// <remarks>
/// Two chained hash tables (by transaction and endpoint, by endpoint) and a heap of deadlines over one array of slots: closing is one
/// lookup whatever the number of open requests. Memory grows with the requests that are open at once, up to the capacity, and is kept.
/// </remarks>
public sealed class RequestTable<TTag>
{
    private const int None = -1;
    private const int FirstSlots = 8;

    // A free transaction is found at the first try unless a quarter of all are taken; 64 misses in a row mean a broken Random.
    private const int MaxDraws = 64;

    private readonly Random _chance;
    private readonly KeyedHash _hash;
    private readonly int _capacity;
    private readonly uint _transactionMask;
    private readonly int _maxPerEndpoint;

    private Slot[] _slots = [];
    private int[] _heap = [];
    private int[] _byTransaction = [];
    private int[] _byEndpoint = [];
    private int _free = None;

    /// <summary>Makes an empty table.</summary>
    /// <param name="chance">Where transactions come from: on a real network a cryptographic one, since they are what a blind forger must guess.</param>
    /// <param name="capacity">The most requests open at once. Default 4,096.</param>
    /// <param name="transactionBits">The width of a transaction, 8 to 32. Default 32 (KRPC, as sent here); dht-rpc has 16.</param>
    /// <param name="maxPerEndpoint">The most requests open to one endpoint; 0, the default, is no cap.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public RequestTable(Random chance, int capacity = 4096, int transactionBits = 32, int maxPerEndpoint = 0)
    {
        ArgumentNullException.ThrowIfNull(chance);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, 1 << 24);
        ArgumentOutOfRangeException.ThrowIfLessThan(transactionBits, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(transactionBits, 32);
        ArgumentOutOfRangeException.ThrowIfNegative(maxPerEndpoint);
        _chance = chance;
        _hash = new KeyedHash(chance);
        _capacity = capacity;
        _transactionMask = uint.MaxValue >> (32 - transactionBits);
        _maxPerEndpoint = maxPerEndpoint;
    }

    /// <summary>The requests open now.</summary>
    public int Count { get; private set; }

    /// <summary>The earliest deadline of an open request; <see cref="Instant.Never"/> when none is open.</summary>
    public Instant NextDeadline => Count == 0 ? Instant.Never : _slots[_heap[0]].Deadline;

    /// <summary>Opens a request under a random transaction that no open request to the same endpoint has.</summary>
    /// <param name="to">Who is asked.</param>
    /// <param name="socket">The socket it is sent from; the answer must come to the same.</param>
    /// <param name="tag">Handed back when the request is closed, expires or is cancelled.</param>
    /// <param name="deadline">When <see cref="TryExpire"/> gives it up.</param>
    /// <param name="transaction">The number to put on the wire.</param>
    /// <returns>False when the table, or the endpoint's share of it, is full.</returns>
    public bool TryOpen(UdpEndpoint to, byte socket, TTag tag, Instant deadline, out uint transaction)
    {
        transaction = 0;
        ulong endpointHash = _hash.OfEndpoint(to);
        if (Count >= _capacity || (_maxPerEndpoint > 0 && CountOpenTo(to, endpointHash, _maxPerEndpoint) >= _maxPerEndpoint))
        {
            return false;
        }

        if (!TryDraw(to, endpointHash, out transaction))
        {
            return false;
        }

        if (_free == None)
        {
            Grow();
        }

        int index = _free;
        ref Slot slot = ref _slots[index];
        _free = slot.NextByTransaction;
        slot.To = to;
        slot.Socket = socket;
        slot.Tag = tag;
        slot.Deadline = deadline;
        slot.Transaction = transaction;
        Link(index);
        SiftUp(Count++, index);
        return true;
    }

    /// <summary>Closes the request that this answer belongs to.</summary>
    /// <returns>False, and nothing is closed, unless an open request has this transaction, this endpoint and this socket.</returns>
    public bool TryClose(uint transaction, UdpEndpoint from, byte socket, out TTag tag)
    {
        int index = Find(transaction, from, _hash.OfEndpoint(from));
        if (index == None || _slots[index].Socket != socket)
        {
            tag = default!;
            return false;
        }

        tag = Remove(index);
        return true;
    }

    /// <summary>Closes a request whose answer is no longer wanted. The same rule as <see cref="TryClose"/>.</summary>
    public bool Cancel(uint transaction, UdpEndpoint to, byte socket, out TTag tag) => TryClose(transaction, to, socket, out tag);

    /// <summary>Whether any request to this endpoint is open: its datagrams may pass the rate limiter.</summary>
    public bool IsAwaiting(UdpEndpoint endpoint) => Count > 0 && FirstOpenTo(endpoint) != None;

    /// <summary>How many requests to this endpoint are open.</summary>
    public int CountOpenTo(UdpEndpoint endpoint) => CountOpenTo(endpoint, _hash.OfEndpoint(endpoint), int.MaxValue);

    /// <summary>Takes out one of the requests to an endpoint, whose answers are not to be believed any more. Call until it returns false.</summary>
    public bool TryGiveUp(UdpEndpoint to, [MaybeNullWhen(false)] out TTag tag)
    {
        int index = Count > 0 ? FirstOpenTo(to) : None;
        tag = index == None ? default : Remove(index);
        return index != None;
    }

    /// <summary>Takes out the request whose deadline passed first. Call until it returns false.</summary>
    public bool TryExpire(Instant now, out uint transaction, out UdpEndpoint to, out TTag tag)
    {
        if (NextDeadline > now || Count == 0)
        {
            transaction = 0;
            to = default;
            tag = default!;
            return false;
        }

        int index = _heap[0];
        transaction = _slots[index].Transaction;
        to = _slots[index].To;
        tag = Remove(index);
        return true;
    }

    private bool TryDraw(UdpEndpoint to, ulong endpointHash, out uint transaction)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        for (int draw = 0; draw < MaxDraws; draw++)
        {
            _chance.NextBytes(bytes);
            transaction = MemoryMarshal.Read<uint>(bytes) & _transactionMask;
            if (Find(transaction, to, endpointHash) == None)
            {
                return true;
            }
        }

        transaction = 0;
        return false;
    }

    private int FirstOpenTo(UdpEndpoint endpoint)
    {
        int index = _byEndpoint[Bucket(_hash.OfEndpoint(endpoint))];
        while (index != None && _slots[index].To != endpoint)
        {
            index = _slots[index].NextByEndpoint;
        }

        return index;
    }

    private int CountOpenTo(UdpEndpoint to, ulong endpointHash, int most)
    {
        if (Count == 0)
        {
            return 0;
        }

        int open = 0;
        for (int i = _byEndpoint[Bucket(endpointHash)]; i != None && open < most; i = _slots[i].NextByEndpoint)
        {
            open += _slots[i].To == to ? 1 : 0;
        }

        return open;
    }

    private int Find(uint transaction, UdpEndpoint endpoint, ulong endpointHash)
    {
        if (Count == 0)
        {
            return None;
        }

        int index = _byTransaction[Bucket(_hash.With(endpointHash, transaction))];
        while (index != None && (_slots[index].Transaction != transaction || _slots[index].To != endpoint))
        {
            index = _slots[index].NextByTransaction;
        }

        return index;
    }

    private int Bucket(ulong hash) => (int)(hash & (uint)(_byTransaction.Length - 1));

    private void Link(int index)
    {
        ref Slot slot = ref _slots[index];
        ulong endpointHash = _hash.OfEndpoint(slot.To);

        ref int first = ref _byTransaction[Bucket(_hash.With(endpointHash, slot.Transaction))];
        slot.NextByTransaction = first;
        first = index;

        ref int firstOfEndpoint = ref _byEndpoint[Bucket(endpointHash)];
        slot.NextByEndpoint = firstOfEndpoint;
        slot.PreviousByEndpoint = None;
        if (firstOfEndpoint != None)
        {
            _slots[firstOfEndpoint].PreviousByEndpoint = index;
        }

        firstOfEndpoint = index;
    }

    private TTag Remove(int index)
    {
        ref Slot slot = ref _slots[index];
        ulong endpointHash = _hash.OfEndpoint(slot.To);

        ref int link = ref _byTransaction[Bucket(_hash.With(endpointHash, slot.Transaction))];
        while (link != index)
        {
            link = ref _slots[link].NextByTransaction;
        }

        link = slot.NextByTransaction;

        if (slot.NextByEndpoint != None)
        {
            _slots[slot.NextByEndpoint].PreviousByEndpoint = slot.PreviousByEndpoint;
        }

        if (slot.PreviousByEndpoint != None)
        {
            _slots[slot.PreviousByEndpoint].NextByEndpoint = slot.NextByEndpoint;
        }
        else
        {
            _byEndpoint[Bucket(endpointHash)] = slot.NextByEndpoint;
        }

        RemoveFromHeap(slot.HeapPosition);
        TTag tag = slot.Tag;
        slot.Tag = default!;
        slot.NextByTransaction = _free;
        _free = index;
        Debug.Assert(Count >= 0);
        return tag;
    }

    private void Grow()
    {
        int before = _slots.Length;
        int after = Math.Min(_capacity, Math.Max(FirstSlots, before * 2));
        Debug.Assert(after > before);
        Array.Resize(ref _slots, after);
        Array.Resize(ref _heap, after);
        int buckets = (int)BitOperations.RoundUpToPowerOf2((uint)after);
        _byTransaction = new int[buckets];
        _byEndpoint = new int[buckets];
        Array.Fill(_byTransaction, None);
        Array.Fill(_byEndpoint, None);
        for (int i = 0; i < before; i++)
        {
            Link(i);
        }

        for (int i = after - 1; i >= before; i--)
        {
            _slots[i].NextByTransaction = _free;
            _free = i;
        }
    }

    private void RemoveFromHeap(int position)
    {
        int last = _heap[--Count];
        if (position == Count)
        {
            return;
        }

        bool earlier = position > 0 && _slots[last].Deadline < _slots[_heap[(position - 1) / 2]].Deadline;
        if (earlier)
        {
            SiftUp(position, last);
        }
        else
        {
            SiftDown(position, last);
        }
    }

    private void SiftUp(int position, int index)
    {
        Instant deadline = _slots[index].Deadline;
        while (position > 0)
        {
            int parent = (position - 1) / 2;
            if (_slots[_heap[parent]].Deadline <= deadline)
            {
                break;
            }

            Place(position, _heap[parent]);
            position = parent;
        }

        Place(position, index);
    }

    private void SiftDown(int position, int index)
    {
        Instant deadline = _slots[index].Deadline;
        while ((position * 2) + 1 < Count)
        {
            int child = (position * 2) + 1;
            if (child + 1 < Count && _slots[_heap[child + 1]].Deadline < _slots[_heap[child]].Deadline)
            {
                child++;
            }

            if (deadline <= _slots[_heap[child]].Deadline)
            {
                break;
            }

            Place(position, _heap[child]);
            position = child;
        }

        Place(position, index);
    }

    private void Place(int position, int index)
    {
        _heap[position] = index;
        _slots[index].HeapPosition = position;
    }

    private struct Slot
    {
        public UdpEndpoint To;
        public Instant Deadline;
        public TTag Tag;
        public uint Transaction;
        public int NextByTransaction;
        public int NextByEndpoint;
        public int PreviousByEndpoint;
        public int HeapPosition;
        public byte Socket;
    }
}
