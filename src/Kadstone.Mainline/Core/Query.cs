using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>A lookup and what it collects on the way, as a caller sees it: a walk in each address family, then perhaps a commit.</summary>
internal abstract class Query
{
    private readonly List<Walk> _walks = [];

    protected Query(Key160 target) => Target = target;

    internal Key160 Target { get; }

    internal IReadOnlyList<Walk> Walks => _walks;

    /// <summary>What it is called to those who watch lookups.</summary>
    internal abstract string Kind { get; }

    /// <summary>Who is asked besides the nearest of the table, such as a node that a caller names.</summary>
    internal IReadOnlyList<NodeContact> AlsoAsk { get; init; } = [];

    /// <summary>Called after anything changed; under the driver's lock, so it may only signal.</summary>
    internal Action? Changed { get; set; }

    /// <summary>No more is asked while the consumer has not taken what there is.</summary>
    internal virtual bool IsPaused => false;

    internal bool IsFinished { get; private set; }

    /// <summary>What this query publishes again; null for a caller's own query.</summary>
    internal Publication? Publication { get; set; }

    /// <summary>Whether the node asks it for itself, to join or to refresh a bucket.</summary>
    internal bool IsUpkeep { get; init; }

    /// <summary>Whether a commit follows the lookup.</summary>
    internal virtual bool Commits => false;

    /// <summary>Whether nobody can be asked: no contact of any family was known.</summary>
    internal bool HadNobodyToAsk
    {
        get
        {
            foreach (Walk walk in _walks)
            {
                if (walk.Lookup.Asked > 0)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Lets go of the walks, some 20 KB, when nobody will ask for outcomes any more: a node with a thousand keys keeps a query for each.</summary>
    internal void Shed() => _walks.Clear();

    internal void Attach(Walk walk) => _walks.Add(walk);

    /// <summary>Ends the query; open requests may still be answered, nobody listens.</summary>
    internal void Stop()
    {
        foreach (Walk walk in _walks)
        {
            walk.Stop();
        }

        IsFinished = true;
    }

    internal void WalkEnded()
    {
        foreach (Walk walk in _walks)
        {
            if (!walk.IsFinished)
            {
                return;
            }
        }

        if (!IsFinished)
        {
            IsFinished = true;
            Finishing();
            Changed?.Invoke();
        }
    }

    internal abstract void WriteQuestion(ref KrpcWriter writer, Walk walk, NodeContact to, in QueryEnvelope envelope);

    /// <summary>Takes what an answer brings besides closer nodes.</summary>
    internal virtual void Collect(Walk walk, NodeContact from, in KrpcMessage answer, Instant now)
    {
    }

    /// <summary>How many values an answer brings, for those who watch lookups.</summary>
    internal virtual int CountValues(in KrpcMessage answer) => 0;

    internal virtual void WriteCommit(ref KrpcWriter writer, Walk walk, NodeContact to, scoped ReadOnlySpan<byte> token, in QueryEnvelope envelope) =>
        throw new InvalidOperationException("This query commits nothing.");

    /// <summary>Called once, when the last walk has ended.</summary>
    protected virtual void Finishing()
    {
    }

    /// <summary>What became of all requests of all walks.</summary>
    internal LookupOutcome Outcome()
    {
        int asked = 0, answered = 0, refused = 0;
        foreach (Walk walk in _walks)
        {
            asked += walk.Lookup.Asked;
            answered += walk.Lookup.Answered;
            refused += walk.RefusedQuestions;
        }

        return new LookupOutcome(asked, answered, asked - answered - refused, refused);
    }

    /// <summary>What became of the writes of all walks.</summary>
    internal CommitOutcome Committed()
    {
        int stored = 0, refused = 0, silent = 0, code = 0;
        foreach (Walk walk in _walks)
        {
            stored += walk.Stored;
            refused += walk.RefusedCommits;
            silent += walk.SilentCommits;
            code = walk.LastErrorCode != 0 ? walk.LastErrorCode : code;
        }

        return new CommitOutcome(stored, refused, silent, code);
    }
}
