namespace Kadstone.Hyperswarm.Core;

/// <summary>How the network treats us, by what was answered and what was not in the last four ticks.</summary>
internal sealed class HealthMonitor
{
    private const int Window = 4;
    private const int OfflineAfter = 2;
    private const int FewestEvents = 4;

    private readonly int[] _answered = new int[Window];
    private readonly int[] _silent = new int[Window];
    private int _current;
    private long _silentSinceAnswer;

    internal RpcHealth Health { get; private set; } = RpcHealth.Idle;

    internal void Answered()
    {
        _answered[_current]++;
        _silentSinceAnswer = 0;
    }

    internal void Silent()
    {
        _silent[_current]++;
        _silentSinceAnswer++;
    }

    /// <summary>Judges the ticks that are over, the current one among them, and begins another.</summary>
    internal void Tick()
    {
        int answered = _answered.Sum();
        int silent = _silent.Sum();
        int answeredLately = 0;
        for (int i = 0; i < OfflineAfter; i++)
        {
            answeredLately += _answered[(_current - i + Window) % Window];
        }

        Health = answered + silent < FewestEvents ? RpcHealth.Idle
            // Who asks nobody, or asked a dead one last, hears from nobody and is not cut off.
            : answeredLately == 0 && _silentSinceAnswer >= FewestEvents ? RpcHealth.Offline
            : silent > answered ? RpcHealth.Degraded
            : RpcHealth.Online;
        _current = (_current + 1) % Window;
        _answered[_current] = 0;
        _silent[_current] = 0;
    }
}
