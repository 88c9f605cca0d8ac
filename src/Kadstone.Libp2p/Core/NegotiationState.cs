namespace Kadstone.Libp2p.Core;

/// <summary>How far two sides are with the choice of a protocol.</summary>
internal enum NegotiationState
{
    Open,
    Agreed,
    Failed,
}
