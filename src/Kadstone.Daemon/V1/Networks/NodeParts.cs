using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Daemon.V1.Networks;

/// <summary>The nodes of a process, and what they have in common, as the API needs them.</summary>
internal sealed record NodeParts
{
    public MainlineDht? Mainline { get; init; }

    public HyperDht? Hyperswarm { get; init; }

    public IpfsDht? Ipfs { get; init; }

    /// <summary>What <see cref="Ipfs"/> was made of; null as that.</summary>
    public IpfsOptions? IpfsOptions { get; init; }

    public required IRecordStore Store { get; init; }

    /// <summary>memory, sqlite, postgres or custom.</summary>
    public string StoreKind { get; init; } = "memory";

    public string Profile { get; init; } = "laptop";

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How many datagrams a second may leave, all networks together; null: nobody counts.</summary>
    public int? PacketBudget { get; init; }

    /// <summary>How often datagrams had to wait for the budget, all networks together; null: nobody counts.</summary>
    public Func<long>? BudgetPauses { get; init; }

    /// <summary>How many datagrams left in the last second, all networks together; null: nobody counts.</summary>
    public Func<int>? PacketsLastSecond { get; init; }

    /// <summary>The seed that signs our own BEP 44 items.</summary>
    public ReadOnlyMemory<byte> MainlineSeed { get; init; }

    /// <summary>The seed of the Hyperswarm node's key pair.</summary>
    public ReadOnlyMemory<byte> HyperswarmSeed { get; init; }
}
