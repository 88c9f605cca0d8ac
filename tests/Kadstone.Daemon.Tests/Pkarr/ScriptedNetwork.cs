using Kadstone.Daemon.Pkarr;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>
/// A DHT of ten nodes that all hold the same, by the rule of the nodes for which pkarr 7 was written: an equal sequence number replaces.
/// It says what real nodes of ours say only when something is broken.
/// </summary>
internal sealed class ScriptedNetwork : IPkarrNetwork
{
    private readonly Lock _lock = new();
    private readonly Dictionary<PkarrKey, PkarrFinding> _items = [];
    private readonly List<(PkarrKey Key, int Count, TaskCompletionSource Reached)> _waiting = [];

    /// <summary>How many nodes hold what was stored.</summary>
    public int Nodes { get; set; } = 10;

    /// <summary>What every call ends with instead.</summary>
    public Exception? Failure { get; set; }

    /// <summary>What every put comes to instead.</summary>
    public CommitOutcome? Commit { get; set; }

    /// <summary>What nodes answer on the way, before the gate.</summary>
    public List<PkarrPacket> Early { get; } = [];

    /// <summary>What every lookup waits for.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What every put waits for.</summary>
    public Task StoreGate { get; set; } = Task.CompletedTask;

    /// <summary>Ends with the first put.</summary>
    public TaskCompletionSource StoreBegun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<PkarrKey> Finds { get; } = [];

    public List<PkarrPacket> Stores { get; } = [];

    public void Place(PkarrKey key, PkarrFinding finding)
    {
        lock (_lock)
        {
            _items[key] = finding;
        }
    }

    /// <summary>Ends when a key was looked up so often.</summary>
    public Task FoundAsync(PkarrKey key, int count)
    {
        lock (_lock)
        {
            TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((key, count, reached));
            Tell();
            return reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    public async Task<PkarrFinding> FindAsync(PkarrKey key, Action<PkarrPacket>? newer, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Finds.Add(key);
            Tell();
        }

        foreach (PkarrPacket packet in Early.Where(packet => packet.Key.Equals(key)))
        {
            newer?.Invoke(packet);
        }

        await Gate.WaitAsync(cancellationToken);
        lock (_lock)
        {
            return Failure is null ? _items.GetValueOrDefault(key, new PkarrFinding(null, null, 0)) : throw Failure;
        }
    }

    public async Task<CommitOutcome> StoreAsync(PkarrPacket packet, long? expected, CancellationToken cancellationToken)
    {
        StoreBegun.TrySetResult();
        await StoreGate.WaitAsync(cancellationToken);
        lock (_lock)
        {
            Stores.Add(packet);
            if (Failure is not null)
            {
                throw Failure;
            }

            if (Commit is CommitOutcome scripted)
            {
                return scripted;
            }

            PkarrPacket? before = _items.GetValueOrDefault(packet.Key)?.Packet;
            CommitOutcome commit = before is not null && expected is not null && expected != before.Timestamp ? new CommitOutcome(0, Nodes, 0, 301)
                : before?.Timestamp > packet.Timestamp ? new CommitOutcome(0, Nodes, 0, 302)
                : new CommitOutcome(Nodes, 0, 0, 0);
            if (commit.Stored > 0)
            {
                _items[packet.Key] = new PkarrFinding(packet, null, commit.Stored);
            }

            return commit;
        }
    }

    private void Tell()
    {
        foreach ((PkarrKey key, int count, TaskCompletionSource reached) in _waiting)
        {
            if (Finds.Count(key.Equals) >= count)
            {
                reached.TrySetResult();
            }
        }
    }
}
