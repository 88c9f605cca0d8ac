using Kadstone.Daemon.V1.Networks;

namespace Kadstone.Daemon.V1;

/// <summary>Whether a network whose table is not empty has gone silent: contacts stay in a table for a while after the line is cut.</summary>
/// <remarks>
/// Asks the network for a random key when nothing has come for 15 seconds, and then at most every ten seconds until somebody answers. A node of a
/// public network hears something all the time and is never asked; and none is while nobody looks at the status.
/// </remarks>
internal sealed class SilenceWatch(IReadOnlyList<DaemonNetwork> networks, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan s_quiet = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _closing = new();
    private readonly Dictionary<string, Hearing> _hearings = networks.ToDictionary(network => network.Name, _ => new Hearing());

    /// <summary>How long nobody has been heard, when a lookup has shown that nobody answers; else null. Not for concurrent use.</summary>
    public TimeSpan? SilentFor(DaemonNetwork network, NetworkFacts facts)
    {
        Hearing hearing = _hearings[network.Name];
        long now = time.GetTimestamp();
        hearing.HeardAt ??= now;
        if (hearing.Probe is { IsCompleted: true })
        {
            hearing.IsSilent = !hearing.IsAnswered;
            hearing.Probe = null;
            hearing.HeardAt = hearing.IsSilent ? hearing.HeardAt : now;
        }

        // An open request of IPFS counts as an answer until it fails: what comes while we ask proves nothing.
        if (facts.Traffic.Received > hearing.Received && hearing.Probe is null && !hearing.IsSilent)
        {
            hearing.HeardAt = now;
        }

        hearing.Received = Math.Max(hearing.Received, facts.Traffic.Received);
        TimeSpan silence = time.GetElapsedTime(hearing.HeardAt.Value, now);
        if (facts.Contacts > 0 && facts.IsReady && silence >= s_quiet && hearing.Probe is null && !_closing.IsCancellationRequested
            && (hearing.ProbedAt is not long at || time.GetElapsedTime(at, now) >= s_pause))
        {
            hearing.ProbedAt = now;
            hearing.Probe = ProbeAsync(network, hearing);
        }

        return hearing.IsSilent ? silence : null;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_hearings.Values.Select(hearing => hearing.Probe ?? Task.CompletedTask)).ConfigureAwait(false);
        _closing.Dispose();
    }

    private async Task ProbeAsync(DaemonNetwork network, Hearing hearing)
    {
        try
        {
            hearing.IsAnswered = await network.ProbeAsync(_closing.Token).ConfigureAwait(false) > 0;
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException || Trouble.IsOfTheNetwork(exception))
        {
            // Out of patience is silence; a node or a daemon that closes tells nobody any more.
            hearing.IsAnswered = false;
        }
    }

    private sealed class Hearing
    {
        public long Received;
        public long? HeardAt;
        public long? ProbedAt;
        public Task? Probe;

        /// <summary>Of the last probe, once it is over.</summary>
        public bool IsAnswered;

        public bool IsSilent;
    }
}
