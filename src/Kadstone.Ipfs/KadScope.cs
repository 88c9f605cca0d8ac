namespace Kadstone.Ipfs;

/// <summary>Which DHT a node is part of.</summary>
[Flags]
public enum KadScope
{
    /// <summary>The worldwide one, <c>/ipfs/kad/1.0.0</c>: public addresses only, unless the policy says otherwise.</summary>
    Wan = 1,

    /// <summary>The one of a site, <c>/ipfs/lan/kad/1.0.0</c>: private addresses only, unless the policy says otherwise.</summary>
    Lan = 2,

    /// <summary>Both, over one host: they are asked together.</summary>
    Both = Wan | Lan,
}
