using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

/// <summary>Two connections, joined by bytes alone, in a time that only the test moves.</summary>
internal sealed class ConnectedPair : IDisposable
{
    private readonly byte[] _buffer = new byte[64 * 1024];

    public ConnectedPair(bool earlyMuxer = true, PeerId? expected = null, YamuxLimits? limits = null, int seed = 1)
    {
        Random chance = new(seed);
        DialerKey = PrivateKey.Generate(chance);
        ListenerKey = PrivateKey.Generate(chance);
        DialerSettings = Settings(DialerKey, earlyMuxer, limits, chance);
        Dialer = new Connection(DialerSettings, true, expected ?? ListenerKey.PeerId, chance, Now);
        ListenerSettings = Settings(ListenerKey, true, limits, chance);
        Listener = new Connection(ListenerSettings, false, null, chance, Now) { Accepted = Accepted.Add };
    }

    public PrivateKey DialerKey { get; }

    public PrivateKey ListenerKey { get; }

    public ConnectionSettings DialerSettings { get; }

    public ConnectionSettings ListenerSettings { get; }

    public Connection Dialer { get; }

    public Connection Listener { get; }

    public List<ProtocolStream> Accepted { get; } = [];

    public TimeSpan Now { get; set; } = TimeSpan.FromDays(1);

    /// <summary>One more connection of the listener.</summary>
    public Connection NewListener(Random chance) => new(ListenerSettings, false, null, chance, Now);

    /// <summary>Carries bytes both ways until none are left.</summary>
    /// <param name="piece">How many bytes are handed over at once.</param>
    public void Carry(int piece = int.MaxValue)
    {
        while (CarryOnce(Dialer, Listener, piece) | CarryOnce(Listener, Dialer, piece))
        {
        }
    }

    public void Dispose()
    {
        Dialer.Dispose();
        Listener.Dispose();
    }

    private static ConnectionSettings Settings(PrivateKey key, bool earlyMuxer, YamuxLimits? limits, Random chance)
    {
        byte[] staticKey = new byte[32];
        chance.NextBytes(staticKey);
        return new ConnectionSettings
        {
            Identity = new NoiseIdentity(key, staticKey, earlyMuxer ? [ConnectionSettings.Yamux] : []),
            IsSpoken = protocol => protocol.StartsWith("/spoken/", StringComparison.Ordinal),
            Limits = limits ?? new YamuxLimits(),
        };
    }

    private bool CarryOnce(Connection from, Connection to, int piece)
    {
        int count = from.Transmit(_buffer);
        for (int at = 0; at < count; at += Math.Min(piece, count - at))
        {
            to.Receive(_buffer.AsSpan(at, Math.Min(piece, count - at)), Now);
        }

        return count > 0;
    }
}
