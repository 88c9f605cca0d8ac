using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>One message of dht-rpc, read: numbers and keys by value, bytes as spans into the datagram. Valid as long as the datagram.</summary>
/// <remarks>npm dht-rpc 6, lib/io.js. The properties stand in the order of the wire.</remarks>
internal ref struct RpcMessage
{
    /// <summary>What it is.</summary>
    public RpcKind Kind { get; set; }

    /// <summary>The number by which a response finds its request.</summary>
    public ushort Transaction { get; set; }

    /// <summary>Where the sender sent it to: our endpoint as the sender sees it. Port 0 and any address are possible.</summary>
    public UdpEndpoint To { get; set; }

    /// <summary>Whether the sender claims an <see cref="Id"/>: it is persistent and sends from its server socket.</summary>
    public bool HasId { get; set; }

    /// <summary>The id that the sender claims. Believe <see cref="TryGetContact"/> only.</summary>
    public Key256 Id { get; set; }

    /// <summary>The token: 32 bytes, or empty.</summary>
    public ReadOnlySpan<byte> Token { get; set; }

    /// <summary>Whether there is a <see cref="Token"/>.</summary>
    public readonly bool HasToken => !Token.IsEmpty;

    /// <summary>Whether the command of a request is an <see cref="RpcInternalCommand"/>.</summary>
    public bool IsInternal { get; set; }

    /// <summary>The command of a request: an <see cref="RpcInternalCommand"/>, a <see cref="HyperCommand"/>, or an application's. Beyond 32 bits <see cref="uint.MaxValue"/>.</summary>
    public uint Command { get; set; }

    /// <summary>Whether a request has a <see cref="Target"/>.</summary>
    public bool HasTarget { get; set; }

    /// <summary>The key that a request is about.</summary>
    public Key256 Target { get; set; }

    /// <summary>The nodes of a response, in the order of the responder's table. Nodes send 20 at most; a datagram holds 339.</summary>
    public RpcEndpoints CloserNodes { get; set; }

    /// <summary>The error of a response; beyond 32 bits <see cref="uint.MaxValue"/>.</summary>
    public RpcError Error { get; set; }

    /// <summary>Whether there is a <see cref="Value"/>, be it empty.</summary>
    public bool HasValue { get; set; }

    /// <summary>The value; arbitrary bytes.</summary>
    public ReadOnlySpan<byte> Value { get; set; }

    /// <summary>The sender as a contact, if it claims an id and the id follows from where the datagram came from.</summary>
    /// <returns>False without an id, and with one of another endpoint: such a sender counts as ephemeral, not as an offender.</returns>
    public readonly bool TryGetContact(UdpEndpoint from, out RpcContact contact)
    {
        if (!HasId || !from.IsIPv4)
        {
            contact = default;
            return false;
        }

        RpcContact sender = RpcContact.FromEndpoint(from);
        bool isTrue = sender.Id == Id;
        contact = isTrue ? sender : default;
        return isTrue;
    }
}
