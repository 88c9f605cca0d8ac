namespace Kadstone.Hyperswarm;

/// <summary>The nodes of a response, read as they are asked for. An entry with port 0 is skipped.</summary>
/// <remarks>dht-rpc 2.3.0 answers with 20 at most; of one who sends more, the reader of the list takes what it wants.</remarks>
internal readonly ref struct Gen1Nodes(ReadOnlySpan<byte> packed)
{
    private readonly ReadOnlySpan<byte> _packed = packed;

    /// <summary>Whether there is no entry at all.</summary>
    public bool IsEmpty => _packed.IsEmpty;

    /// <summary>Walks the contacts in the order of the message.</summary>
    public Enumerator GetEnumerator() => new(_packed);

    /// <summary>Copies contacts in the order of the message, until the destination is full.</summary>
    /// <returns>How many.</returns>
    public int CopyTo(Span<Gen1Contact> destination)
    {
        int count = 0;
        foreach (Gen1Contact contact in this)
        {
            if (count == destination.Length)
            {
                break;
            }

            destination[count++] = contact;
        }

        return count;
    }

    /// <summary>Walks the contacts.</summary>
    internal ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> packed)
        {
            _rest = packed;
            Current = default;
        }

        /// <summary>The present contact.</summary>
        public Gen1Contact Current { get; private set; }

        /// <summary>Steps to the next contact.</summary>
        public bool MoveNext()
        {
            while (_rest.Length >= Gen1Contact.CompactLength)
            {
                bool read = Gen1Contact.TryRead(_rest[..Gen1Contact.CompactLength], out Gen1Contact contact);
                _rest = _rest[Gen1Contact.CompactLength..];
                if (read)
                {
                    Current = contact;
                    return true;
                }
            }

            return false;
        }
    }
}
