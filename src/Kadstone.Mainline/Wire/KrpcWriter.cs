using System.Buffers.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>Writes one KRPC message into a span. The caller keeps the keys of the body in sorted order; a full buffer sets <see cref="Overflowed"/>.</summary>
/// <remarks>
/// BEP 5. Call order: a Begin, the arguments or return values, the End of the same kind.
/// The name of a key is its bencoded form, such as <c>"6:target"u8</c>.
/// </remarks>
internal ref struct KrpcWriter(Span<byte> buffer)
{
    private readonly int _capacity = buffer.Length;
    private Span<byte> _rest = buffer;

    /// <summary>Whether something did not fit: the message is not to be sent.</summary>
    public bool Overflowed { get; private set; }

    /// <summary>The bytes written; 0 after an overflow.</summary>
    public readonly int Length => Overflowed ? 0 : _capacity - _rest.Length;

    /// <summary>Begins a query with our id.</summary>
    public void BeginQuery(in Key160 id)
    {
        Literal("d1:ad2:id20:"u8);
        Bare(id);
    }

    /// <summary>Begins a put with the sequence number to be replaced: the one argument that sorts before our id.</summary>
    public void BeginQuery(in Key160 id, long cas)
    {
        Integer("d1:ad3:cas"u8, cas);
        Literal("2:id20:"u8);
        Bare(id);
    }

    /// <summary>Begins a response with the requester's endpoint (BEP 42) and our id.</summary>
    public void BeginResponse(in Key160 id, UdpEndpoint requester)
    {
        Literal("d"u8);
        ExternalAddress(requester);
        Literal("1:rd2:id20:"u8);
        Bare(id);
    }

    /// <summary>Begins a response to a scrape (BEP 33) with both Bloom filters of 256 bytes: they sort before our id.</summary>
    public void BeginResponse(in Key160 id, UdpEndpoint requester, scoped ReadOnlySpan<byte> peerFilter, scoped ReadOnlySpan<byte> seedFilter)
    {
        Literal("d"u8);
        ExternalAddress(requester);
        Bytes("1:rd4:BFpe"u8, peerFilter);
        Bytes("4:BFsd"u8, seedFilter);
        Literal("2:id20:"u8);
        Bare(id);
    }

    /// <summary>Begins a response with our id.</summary>
    public void BeginResponse(in Key160 id)
    {
        Literal("d1:rd2:id20:"u8);
        Bare(id);
    }

    /// <summary>Writes a key of 20 bytes.</summary>
    public void Key(scoped ReadOnlySpan<byte> name, in Key160 value)
    {
        Literal(name);
        Literal("20:"u8);
        Bare(value);
    }

    /// <summary>Writes a byte string.</summary>
    public void Bytes(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> value)
    {
        Literal(name);
        Text(value);
    }

    /// <summary>Writes an integer.</summary>
    public void Integer(scoped ReadOnlySpan<byte> name, long value)
    {
        Literal(name);
        int written = Bencode.WriteInteger(_rest, value);
        Advance(written, written != 0);
    }

    /// <summary>Writes a value that is bencoded already.</summary>
    public void Raw(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> bencoded)
    {
        Literal(name);
        Literal(bencoded);
    }

    /// <summary>Writes <c>nodes</c> or <c>nodes6</c> with those contacts that are of the family; the key is there even if none is.</summary>
    public void Nodes(scoped ReadOnlySpan<NodeContact> contacts, bool ipv4)
    {
        int count = 0;
        foreach (ref readonly NodeContact contact in contacts)
        {
            count += contact.Endpoint.IsIPv4 == ipv4 ? 1 : 0;
        }

        Literal(ipv4 ? "5:nodes"u8 : "6:nodes6"u8);
        int length = count * (ipv4 ? NodeContact.CompactLengthIPv4 : NodeContact.CompactLengthIPv6);
        StringLength(length);
        if (_rest.Length < length)
        {
            Overflow();
            return;
        }

        foreach (ref readonly NodeContact contact in contacts)
        {
            if (contact.Endpoint.IsIPv4 == ipv4)
            {
                _rest = _rest[contact.Write(_rest)..];
            }
        }
    }

    /// <summary>Writes <c>values</c>: a list of peers.</summary>
    /// <param name="packed">Compact peers, one after the other.</param>
    /// <param name="entryLength">6 or 18; an incomplete last peer is left out.</param>
    public void Values(scoped ReadOnlySpan<byte> packed, int entryLength)
    {
        ReadOnlySpan<byte> prefix = entryLength == 6 ? "6:"u8 : "18:"u8;
        Literal("6:valuesl"u8);
        for (; packed.Length >= entryLength; packed = packed[entryLength..])
        {
            Literal(prefix);
            Literal(packed[..entryLength]);
        }

        Literal("e"u8);
    }

    /// <summary>Ends a query.</summary>
    /// <param name="method">The name, such as <c>"find_node"u8</c>.</param>
    /// <param name="readOnly">Whether we do not answer queries (BEP 43).</param>
    /// <param name="transaction">The transaction id.</param>
    /// <param name="version">The client version; empty leaves it out.</param>
    public void EndQuery(scoped ReadOnlySpan<byte> method, bool readOnly, scoped ReadOnlySpan<byte> transaction, scoped ReadOnlySpan<byte> version)
    {
        Literal("e1:q"u8);
        Text(method);
        if (readOnly)
        {
            Literal("2:roi1e"u8);
        }

        EndEnvelope(transaction, version);
        Literal("1:y1:qe"u8);
    }

    /// <summary>Ends a response.</summary>
    /// <param name="transaction">The query's transaction id.</param>
    /// <param name="version">The client version; empty leaves it out.</param>
    public void EndResponse(scoped ReadOnlySpan<byte> transaction, scoped ReadOnlySpan<byte> version)
    {
        Literal("e"u8);
        EndEnvelope(transaction, version);
        Literal("1:y1:re"u8);
    }

    /// <summary>Writes a whole error message.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="requester">The requester's endpoint (BEP 42); null leaves it out.</param>
    /// <param name="code">The code.</param>
    /// <param name="text">The text.</param>
    /// <param name="transaction">The query's transaction id.</param>
    /// <param name="version">The client version; empty leaves it out.</param>
    /// <returns>The length; 0 when it does not fit.</returns>
    public static int WriteError(
        Span<byte> buffer,
        UdpEndpoint? requester,
        int code,
        scoped ReadOnlySpan<byte> text,
        scoped ReadOnlySpan<byte> transaction,
        scoped ReadOnlySpan<byte> version)
    {
        KrpcWriter writer = new(buffer);
        writer.Integer("d1:el"u8, code);
        writer.Text(text);
        writer.Literal("e"u8);
        if (requester is { } endpoint)
        {
            writer.ExternalAddress(endpoint);
        }

        writer.EndEnvelope(transaction, version);
        writer.Literal("1:y1:ee"u8);
        return writer.Length;
    }

    private void EndEnvelope(scoped ReadOnlySpan<byte> transaction, scoped ReadOnlySpan<byte> version)
    {
        Literal("1:t"u8);
        Text(transaction);
        if (!version.IsEmpty)
        {
            Literal("1:v"u8);
            Text(version);
        }
    }

    private void ExternalAddress(UdpEndpoint endpoint)
    {
        Literal(endpoint.IsIPv4 ? "2:ip6:"u8 : "2:ip18:"u8);
        if (_rest.Length < endpoint.CompactLength)
        {
            Overflow();
            return;
        }

        _rest = _rest[endpoint.WriteCompact(_rest)..];
    }

    private void Bare(in Key160 key)
    {
        if (_rest.Length < Key160.ByteLength)
        {
            Overflow();
            return;
        }

        key.Write(_rest);
        _rest = _rest[Key160.ByteLength..];
    }

    private void Text(scoped ReadOnlySpan<byte> value)
    {
        StringLength(value.Length);
        Literal(value);
    }

    private void StringLength(int length)
    {
        if (length < 10 && _rest.Length >= 2)
        {
            _rest[1] = (byte)':';
            _rest[0] = (byte)('0' + length);
            _rest = _rest[2..];
            return;
        }

        bool fits = Utf8Formatter.TryFormat(length, _rest, out int digits);
        Advance(digits, fits);
        Literal(":"u8);
    }

    private void Literal(scoped ReadOnlySpan<byte> bytes) => Advance(bytes.Length, bytes.TryCopyTo(_rest));

    private void Advance(int written, bool fits)
    {
        if (fits)
        {
            _rest = _rest[written..];
            return;
        }

        Overflow();
    }

    // From here on nothing fits, so that no later piece can follow a gap.
    private void Overflow()
    {
        Overflowed = true;
        _rest = default;
    }
}
