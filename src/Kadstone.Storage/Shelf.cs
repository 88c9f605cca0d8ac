namespace Kadstone.Storage;

/// <summary>The kind of a record: keys of two shelves never meet, and each shelf has its own cap.</summary>
/// <remarks>The numbers are part of the stored format and never change. 1 to 19 belong to Mainline, 20 to 39 to Hyperswarm, 40 to 59 to IPFS, 60 to 79 to the daemon.</remarks>
public enum Shelf : short
{
    /// <summary>No shelf; no store takes it.</summary>
    None = 0,

    /// <summary>BEP 44 immutable items, by target. Their sequence is 0. Durable.</summary>
    MainlineImmutable = 1,

    /// <summary>BEP 44 mutable items, by target. Their sequence is the item's `seq`. Durable.</summary>
    MainlineMutable = 2,

    /// <summary>The journal of BEP 5 peers. Soft: the answer to an announce does not wait for it.</summary>
    MainlinePeers = 3,

    /// <summary>pkarr packets that a relay keeps in the DHT for their owners, by public key, with what it knows of them. Durable.</summary>
    MainlinePkarr = 4,

    /// <summary>Hyperswarm's immutable values, by target. Their sequence is 0. Durable.</summary>
    HyperswarmImmutable = 20,

    /// <summary>Hyperswarm's mutable values, by target: the signature, then the value. Their sequence is the value's. Durable.</summary>
    HyperswarmMutable = 21,

    /// <summary>kad-dht values, by record key: public keys, IPNS names, own namespaces. What replaces what, the namespace's validator says. Durable.</summary>
    IpfsValues = 40,

    /// <summary>What we provide ourselves, by multihash, for the next round of telling. Durable.</summary>
    IpfsProvided = 41,

    /// <summary>Values that we keep in the DHT ourselves, by record key, for the next round of putting. Durable.</summary>
    IpfsOwnValues = 42,

    /// <summary>What a daemon was told to keep in the networks, by the publication's id. Durable.</summary>
    DaemonPublications = 60,
}
