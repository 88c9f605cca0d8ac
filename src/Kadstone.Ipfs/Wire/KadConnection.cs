namespace Kadstone.Ipfs.Wire;

/// <summary>How the sender stands to a peer that it names: a hint.</summary>
internal enum KadConnection
{
    NotConnected = 0,
    Connected = 1,
    CanConnect = 2,
    CannotConnect = 3,
}
