using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>A query: enumerating it starts it, leaving the loop ends it, and while nothing is taken no more is asked.</summary>
/// <remarks>Enumerate it once. The counts are complete when the loop has ended.</remarks>
public sealed class RpcQuery : IAsyncEnumerable<RpcAnswer>
{
    private readonly Func<RpcQuery, CancellationToken, IAsyncEnumerator<RpcAnswer>> _run;
    private readonly List<string> _warnings = [];
    private int _isStarted;

    internal RpcQuery(Func<RpcQuery, CancellationToken, IAsyncEnumerator<RpcAnswer>> run) => _run = run;

    /// <summary>Answers without an error on the walk.</summary>
    public int Responses { get; internal set; }

    /// <summary>Answers with an error, and nodes that did not answer, on the walk.</summary>
    public int Errors { get; internal set; }

    /// <summary>Commits that were answered without an error.</summary>
    public int Commits { get; internal set; }

    /// <summary>Commits that were answered with an error, or not at all.</summary>
    public int FailedCommits { get; internal set; }

    /// <summary>The closest nodes that answered, nearest first: whom a commit went to.</summary>
    public IReadOnlyList<RpcContact> Closest { get; internal set; } = [];

    /// <summary>What went wrong with single nodes, a sentence each: the first hundred.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">It was enumerated before.</exception>
    public IAsyncEnumerator<RpcAnswer> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        Interlocked.Exchange(ref _isStarted, 1) == 0
            ? _run(this, cancellationToken)
            : throw new InvalidOperationException("A query runs once; start another for the same question.");

    /// <summary>Runs it to its end.</summary>
    /// <returns>What the loop would have given.</returns>
    public async Task<IReadOnlyList<RpcAnswer>> ToListAsync(CancellationToken cancellationToken = default)
    {
        List<RpcAnswer> answers = [];
        await foreach (RpcAnswer answer in this.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            answers.Add(answer);
        }

        return answers;
    }

    /// <summary>The lookup behind it, once it runs, for those who write to its closest by themselves. Under the driver's lock alone.</summary>
    internal NodeLookup<Key256, RpcContact>? Lookup { get; set; }

    internal void Warn(string warning)
    {
        if (_warnings.Count < 100)
        {
            _warnings.Add(warning);
        }
    }
}
