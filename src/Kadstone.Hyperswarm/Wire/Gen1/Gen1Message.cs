using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>One message of generation 1, read: numbers and keys by value, byte strings as spans into the datagram.</summary>
/// <remarks>dht-rpc 2.3.0, schema.proto. What is absent or of a wrong length is empty or false. Valid as long as the datagram.</remarks>
internal ref struct Gen1Message
{
    /// <summary>What it is.</summary>
    public Gen1Kind Kind { get; set; }

    /// <summary>The transaction id: 15 bits.</summary>
    public ushort Transaction { get; set; }

    /// <summary>What a request asks for.</summary>
    public Gen1Command Command { get; set; }

    /// <summary>The command of a request as sent: 0 to <see cref="Gen1Reader.MaxCommandLength"/> bytes, mostly UTF-8.</summary>
    public ReadOnlySpan<byte> CommandName { get; set; }

    /// <summary>Whether there is an <see cref="Id"/>. A sender without one is ephemeral: it may be answered, and is kept nowhere.</summary>
    public bool HasId { get; set; }

    /// <summary>The sender's node id.</summary>
    public Key256 Id { get; set; }

    /// <summary>Whether there is a <see cref="Target"/>: always in a request other than <c>_ping</c>.</summary>
    public bool HasTarget { get; set; }

    /// <summary>The target of a request.</summary>
    public Key256 Target { get; set; }

    /// <summary>Where a <c>_ping</c> is to be passed on to; with the sender in <see cref="ForwardResponse"/>, and under the same transaction. Comes before everything else that a request asks.</summary>
    public UdpEndpoint? ForwardRequest { get; set; }

    /// <summary>Who sent the <c>_ping</c> that was passed on to us: the response goes there, under the same transaction.</summary>
    public UdpEndpoint? ForwardResponse { get; set; }

    /// <summary>Whether there is a <see cref="Token"/>.</summary>
    public readonly bool HasToken => !Token.IsEmpty;

    /// <summary>The roundtrip token, 1 to <see cref="Gen1Reader.MaxTokenLength"/> bytes. In a request a valid one makes an update, an invalid one a plain query.</summary>
    public ReadOnlySpan<byte> Token { get; set; }

    /// <summary>Whether there is a <see cref="Value"/>; it may be empty.</summary>
    public bool HasValue { get; set; }

    /// <summary>The value. In a response to <c>_ping</c>: our endpoint as the responder saw it, see <see cref="Gen1Reader.TryReadEndpoint"/>.</summary>
    public ReadOnlySpan<byte> Value { get; set; }

    /// <summary>The nodes of a response that are closer to the target.</summary>
    public Gen1Nodes Nodes { get; set; }
}
