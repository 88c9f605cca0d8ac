namespace Kadstone.Libp2p;

/// <summary>One part of a multiaddr, such as <c>/tcp/4001</c>.</summary>
/// <param name="Protocol">Which; a number without a name for a protocol that is not known here.</param>
/// <param name="Value">Its bytes as on the wire, without their length; of an unknown protocol, all that follows.</param>
public readonly record struct MultiaddrComponent(MultiaddrProtocol Protocol, ReadOnlyMemory<byte> Value);
