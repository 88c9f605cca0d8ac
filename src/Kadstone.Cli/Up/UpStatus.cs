namespace Kadstone.Cli.Up;

/// <summary>How a node stands at one moment, whatever its network.</summary>
/// <param name="Contacts">Entries of its routing table.</param>
/// <param name="Keys">Keys that it stores peers of; null where the network does not tell.</param>
/// <param name="Peers">Peers that it stores; null where the network does not tell.</param>
/// <param name="Received">Datagrams that came.</param>
/// <param name="Sent">Datagrams that left.</param>
/// <param name="Dropped">Datagrams that were dropped.</param>
internal readonly record struct UpStatus(int Contacts, int? Keys, int? Peers, long Received, long Sent, long Dropped);
