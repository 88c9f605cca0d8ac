namespace Kadstone.Kademlia;

/// <summary>Who can be asked: a key and how to reach it. Equality is that network's idea of "the same node".</summary>
/// <typeparam name="TSelf">The contact type itself.</typeparam>
/// <typeparam name="TKey">The key type of the network.</typeparam>
public interface IContact<TSelf, TKey> : IEquatable<TSelf>
    where TSelf : IContact<TSelf, TKey>
    where TKey : struct, IKey<TKey>
{
    /// <summary>Where the node stands in the keyspace.</summary>
    TKey Key { get; }

    /// <summary>A number that is the same for two contacts on one host (one IP address). For diversity limits.</summary>
    ulong Host { get; }

    /// <summary>A number that is the same for two contacts of one network prefix (/24 in IPv4, /64 in IPv6). For diversity limits.</summary>
    ulong Prefix { get; }
}
