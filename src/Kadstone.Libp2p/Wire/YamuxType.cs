namespace Kadstone.Libp2p;

/// <summary>What a Yamux frame is.</summary>
internal enum YamuxType : byte
{
    Data = 0,
    WindowUpdate = 1,
    Ping = 2,
    GoAway = 3,
}
