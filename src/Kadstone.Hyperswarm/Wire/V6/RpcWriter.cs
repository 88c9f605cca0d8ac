using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Writes one message of dht-rpc into a span. A full buffer sets <see cref="Overflowed"/>.</summary>
/// <remarks>
/// npm dht-rpc 6, lib/io.js. The caller adds the fields that there are, in the order of the wire: id, token, then of a request
/// the command (always) and the target, of a response the closer nodes and the error, then the value.
/// </remarks>
internal ref struct RpcWriter
{
    private const int FlagsAt = 1;

    private CompactWriter _writer;
    private int _last;
    private int _valueAt;

    private RpcWriter(Span<byte> buffer, byte first, ushort transaction, UdpEndpoint to)
    {
        _writer = new CompactWriter(buffer);
        _writer.Fixed([first, 0]);
        _writer.UInt16(transaction);
        _writer.Endpoint(to);
    }

    /// <summary>Whether something did not fit: the message is not to be sent.</summary>
    public readonly bool Overflowed => _writer.Overflowed;

    /// <summary>The bytes written; 0 after an overflow.</summary>
    public readonly int Length => _writer.Length;

    /// <summary>Begins a request.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="transaction">The number that the response will carry.</param>
    /// <param name="to">Where it is sent, as we know it: how the receiver learns its own address.</param>
    public static RpcWriter Request(Span<byte> buffer, ushort transaction, UdpEndpoint to) => new(buffer, RpcReader.RequestByte, transaction, to);

    /// <summary>Begins a response.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="transaction">The request's number.</param>
    /// <param name="to">Where it is sent: how the requester learns its own address.</param>
    public static RpcWriter Response(Span<byte> buffer, ushort transaction, UdpEndpoint to) => new(buffer, RpcReader.ResponseByte, transaction, to);

    /// <summary>Writes our id: only if we are persistent and send from the server socket.</summary>
    public void Id(in Key256 id)
    {
        Begin(RpcFlags.Id, RpcFlags.Id);
        _writer.Key(id);
    }

    /// <summary>Writes a token of 32 bytes.</summary>
    public void Token(scoped ReadOnlySpan<byte> token)
    {
        Debug.Assert(token.Length == RpcReader.TokenLength);
        Begin(RpcFlags.Token, RpcFlags.Token);
        _writer.Fixed(token);
    }

    /// <summary>Writes a command of dht-rpc itself.</summary>
    public void Command(RpcInternalCommand command)
    {
        Begin(RpcFlags.Internal, RpcFlags.Internal);
        _writer.UInt((uint)command);
    }

    /// <summary>Writes a command of hyperdht.</summary>
    public void Command(HyperCommand command) => Command((uint)command);

    /// <summary>Writes a command of hyperdht or of an application.</summary>
    public void Command(uint command)
    {
        Begin(0, RpcFlags.Internal);
        _writer.UInt(command);
    }

    /// <summary>Writes the target of a request.</summary>
    public void Target(in Key256 target)
    {
        Begin(RpcFlags.Target, RpcFlags.Target);
        _writer.Key(target);
    }

    /// <summary>Writes the closer nodes of a response; no nodes, no field.</summary>
    public void CloserNodes(scoped ReadOnlySpan<RpcContact> contacts)
    {
        if (!contacts.IsEmpty)
        {
            Begin(RpcFlags.CloserNodes, RpcFlags.CloserNodes);
            _writer.Endpoints(contacts);
        }
    }

    /// <summary>Writes the error of a response; no error, no field.</summary>
    public void Error(RpcError error)
    {
        if (error != RpcError.None)
        {
            Begin(RpcFlags.Error, RpcFlags.Error);
            _writer.UInt((uint)error);
        }
    }

    /// <summary>Writes a value that is encoded already; empty is another thing than none.</summary>
    public void Value(scoped ReadOnlySpan<byte> value)
    {
        Begin(RpcFlags.Value, RpcFlags.Value);
        _writer.Buffer(value);
    }

    /// <summary>Writes a value.</summary>
    public void Value<T>(scoped in T value)
        where T : ICompactValue<T>, allows ref struct
    {
        value.Write(ref BeginValue());
        EndValue();
    }

    /// <summary>Begins a value that is written piece by piece with the returned writer.</summary>
    [UnscopedRef]
    public ref CompactWriter BeginValue()
    {
        Begin(RpcFlags.Value, RpcFlags.Value);
        _valueAt = _writer.BeginBuffer();
        return ref _writer;
    }

    /// <summary>Ends the value begun by <see cref="BeginValue"/>.</summary>
    public void EndValue() => _writer.EndBuffer(_valueAt);

    private void Begin(byte flag, int place)
    {
        Debug.Assert(place > _last, "The fields of a message have an order.");
        _last = place;
        _writer.SetBits(FlagsAt, flag);
    }
}
