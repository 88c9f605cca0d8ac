namespace Kadstone.Libp2p.Core;

/// <summary>Peers that could not be reached, and until when they are not dialed again: 5 s, and twice as long each time, up to 5 min.</summary>
internal sealed class DialBackoff
{
    private const int MaxPeers = 1024;

    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    private readonly Dictionary<PeerId, (TimeSpan Until, TimeSpan Pause)> _peers = [];

    public int Count => _peers.Count;

    public bool IsWaiting(PeerId peer, TimeSpan now) => _peers.TryGetValue(peer, out (TimeSpan Until, TimeSpan Pause) entry) && now < entry.Until;

    public void Failed(PeerId peer, TimeSpan now)
    {
        TimeSpan pause = _peers.TryGetValue(peer, out (TimeSpan Until, TimeSpan Pause) entry) ? TimeSpan.FromTicks(Math.Min(2 * entry.Pause.Ticks, s_longest.Ticks)) : s_first;
        if (_peers.Count >= MaxPeers && entry.Pause == default)
        {
            MakeRoom(now);
        }

        _peers[peer] = (now + pause, pause);
    }

    public void Reached(PeerId peer) => _peers.Remove(peer);

    // First those whose time is over, else the one whose time is over next.
    private void MakeRoom(TimeSpan now)
    {
        foreach (PeerId over in _peers.Where(pair => pair.Value.Until <= now).Select(pair => pair.Key).ToArray())
        {
            _peers.Remove(over);
        }

        if (_peers.Count >= MaxPeers)
        {
            _peers.Remove(_peers.MinBy(pair => pair.Value.Until).Key);
        }
    }
}
