namespace Kadstone.Libp2p.Core;

/// <summary>How far a connection is.</summary>
internal enum ConnectionPhase
{
    ChoosingSecurity,
    Handshaking,
    ChoosingMuxer,
    Open,
    Ended,
}
