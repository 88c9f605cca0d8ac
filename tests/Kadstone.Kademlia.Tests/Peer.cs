namespace Kadstone.Kademlia.Tests;

/// <summary>A contact of the tests: two are equal when their endpoint is, as in Mainline.</summary>
public readonly struct Peer(Key160 key, uint address, ushort port = 6881) : IContact<Peer, Key160>
{
    public Key160 Key { get; } = key;

    public uint Address { get; } = address;

    public ushort Port { get; } = port;

    public ulong Host => Address;

    public ulong Prefix => Address >> 8;

    public static bool operator ==(Peer left, Peer right) => left.Equals(right);

    public static bool operator !=(Peer left, Peer right) => !left.Equals(right);

    public bool Equals(Peer other) => Address == other.Address && Port == other.Port;

    public override bool Equals(object? obj) => obj is Peer other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(Address, Port);

    public override string ToString() => $"{Key.ToString()[..8]} at {Address:x8}:{Port}";
}
