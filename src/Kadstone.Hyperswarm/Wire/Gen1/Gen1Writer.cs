using System.Buffers.Binary;
using System.Diagnostics;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Writes one message of generation 1 into a span; a full buffer sets <see cref="Overflowed"/>.</summary>
/// <remarks>
/// Call order: a Begin, then the fields that there are, in the order of the methods, which gives the bytes of dht-rpc 2.3.0;
/// the fields of a response are id, nodes, value, token.
/// </remarks>
internal ref struct Gen1Writer(Span<byte> buffer)
{
    private Gen1FieldWriter _fields = new(buffer);
    private bool _isRequest;

    /// <summary>Whether something did not fit: the message is not to be sent.</summary>
    public readonly bool Overflowed => _fields.Overflowed;

    /// <summary>The bytes written; 0 after an overflow.</summary>
    public readonly int Length => _fields.Length;

    /// <summary>Begins a request.</summary>
    /// <param name="transaction">15 bits.</param>
    /// <param name="command">The command, such as <c>"_find_node"u8</c>.</param>
    public void BeginRequest(ushort transaction, scoped ReadOnlySpan<byte> command)
    {
        Debug.Assert(command.Length <= Gen1Reader.MaxCommandLength, "a command that can be read");
        _isRequest = true;
        Header(transaction, Gen1Reader.RequestBit);
        _fields.Bytes(Gen1Field.RequestCommand, command);
    }

    /// <summary>Begins a response to the request of that transaction.</summary>
    public void BeginResponse(ushort transaction)
    {
        _isRequest = false;
        Header(transaction, 0);
    }

    /// <summary>Writes our id; an ephemeral node leaves it out.</summary>
    public void Id(in Key256 id) => Key(_isRequest ? Gen1Field.RequestId : Gen1Field.ResponseId, id);

    /// <summary>Writes the target of a request.</summary>
    public void Target(in Key256 target)
    {
        Debug.Assert(_isRequest, "a response has no target");
        Key(Gen1Field.RequestTarget, target);
    }

    /// <summary>Writes where the receiver is to pass a <c>_ping</c> on to.</summary>
    public void ForwardRequest(UdpEndpoint to)
    {
        Debug.Assert(_isRequest, "a response is not passed on");
        Endpoint(Gen1Field.RequestForwardRequest, to);
    }

    /// <summary>Writes who sent the <c>_ping</c> that is passed on.</summary>
    public void ForwardResponse(UdpEndpoint from)
    {
        Debug.Assert(_isRequest, "a response is not passed on");
        Endpoint(Gen1Field.RequestForwardResponse, from);
    }

    /// <summary>Writes the nodes of a response: those of IPv4, for the generation knows no other. The field is there even if none is.</summary>
    public void Nodes(scoped ReadOnlySpan<Gen1Contact> contacts)
    {
        Debug.Assert(!_isRequest, "a request has no nodes");
        int count = 0;
        foreach (ref readonly Gen1Contact contact in contacts)
        {
            count += contact.Endpoint.IsIPv4 ? 1 : 0;
        }

        Span<byte> packed = _fields.Reserve(Gen1Field.ResponseNodes, count * Gen1Contact.CompactLength);
        foreach (ref readonly Gen1Contact contact in contacts)
        {
            if (contact.Endpoint.IsIPv4 && !packed.IsEmpty)
            {
                packed = packed[contact.Write(packed)..];
            }
        }
    }

    /// <summary>Writes the token of a request that is an update.</summary>
    public void RequestToken(scoped ReadOnlySpan<byte> token)
    {
        Debug.Assert(_isRequest, "a response's token comes last");
        _fields.Bytes(Gen1Field.RequestToken, token);
    }

    /// <summary>Writes the value; an empty one is there, too.</summary>
    public void Value(scoped ReadOnlySpan<byte> value) => _fields.Bytes(_isRequest ? Gen1Field.RequestValue : Gen1Field.ResponseValue, value);

    /// <summary>Writes the value of a response to <c>_ping</c>: the requester's endpoint as we saw it.</summary>
    public void Value(UdpEndpoint requester) => Endpoint(_isRequest ? Gen1Field.RequestValue : Gen1Field.ResponseValue, requester);

    /// <summary>Writes the token that a response gives.</summary>
    public void ResponseToken(scoped ReadOnlySpan<byte> token)
    {
        Debug.Assert(!_isRequest, "a request's token comes before its value");
        _fields.Bytes(Gen1Field.ResponseToken, token);
    }

    private void Header(ushort transaction, ushort kind)
    {
        Debug.Assert(transaction <= Gen1Reader.MaxTransaction, "15 bits");
        Span<byte> header = _fields.Take(Gen1Reader.HeaderLength);
        if (!header.IsEmpty)
        {
            BinaryPrimitives.WriteUInt16BigEndian(header, (ushort)(kind | (transaction & Gen1Reader.MaxTransaction)));
        }
    }

    private void Key(int number, in Key256 key)
    {
        Span<byte> place = _fields.Reserve(number, Key256.ByteLength);
        if (!place.IsEmpty)
        {
            key.Write(place);
        }
    }

    private void Endpoint(int number, UdpEndpoint endpoint)
    {
        Debug.Assert(endpoint.IsIPv4, "the generation knows IPv4 only");
        Span<byte> place = _fields.Reserve(number, endpoint.CompactLength);
        if (!place.IsEmpty)
        {
            endpoint.WriteCompact(place);
        }
    }
}
