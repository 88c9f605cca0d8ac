using System.Diagnostics.CodeAnalysis;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>One query: a node lookup, the answers it brought, and the commit after it.</summary>
/// <remarks>
/// Ids are free on this wire, so whoever is known by address alone has no place in a lookup: bootstrap nodes are asked where to begin,
/// and the nodes that a caller names are asked the question itself, without a lookup.
/// </remarks>
internal sealed class Gen1Walk : IGen1Asker
{
    /// <summary>20: the k of this network, and how many get a commit.</summary>
    internal const int Width = 20;

    private const int Backlog = 16;
    private const int MostReferrers = 2_048;
    private const int MostSilent = 100;

    private readonly Dictionary<Gen1Contact, byte[]> _tokens = [];
    private readonly Dictionary<Gen1Contact, UdpEndpoint> _referrers = [];
    private readonly Queue<RpcAnswer> _answers = new();
    private readonly Queue<UdpEndpoint> _silent = new();
    private readonly Queue<UdpEndpoint> _starts;
    private readonly Queue<Gen1Contact> _commits = new();
    private readonly List<Gen1Contact> _given = [];
    private readonly NodeLookup<Key256, Gen1Contact>? _lookup;
    private readonly Gen1WalkOptions _options;
    private readonly IGen1WalkHost _host;
    private readonly StartAsker _starter;
    private readonly CommitAsker _committer;
    private readonly SecondAsker _second;
    private int _openStarts;
    private int _openCommits;
    private bool _isCommitting;

    /// <param name="host">The node.</param>
    /// <param name="question">What is asked.</param>
    /// <param name="target">The key to approach.</param>
    /// <param name="options">How.</param>
    /// <param name="lookup">How the lookup proceeds.</param>
    /// <param name="seeds">The closest that we know.</param>
    /// <param name="starts">Whom to ask where to begin; without meaning when the caller named the nodes.</param>
    internal Gen1Walk(
        IGen1WalkHost host,
        Gen1Question question,
        Key256 target,
        Gen1WalkOptions options,
        LookupOptions lookup,
        ReadOnlySpan<Gen1Contact> seeds,
        IEnumerable<UdpEndpoint> starts)
    {
        _host = host;
        _options = options;
        Question = question;
        Target = target;
        _lookup = options.Nodes is null ? new NodeLookup<Key256, Gen1Contact>(target, lookup, seeds) : null;
        _starts = new Queue<UdpEndpoint>(options.Nodes is null ? starts : options.Nodes.Distinct());
        _starter = new StartAsker(this);
        _committer = new CommitAsker(this);
        _second = new SecondAsker(this);
    }

    internal Gen1Question Question { get; }

    internal Key256 Target { get; }

    internal bool IsFinished { get; private set; }

    internal bool IsPaused => _answers.Count >= Backlog;

    internal Instant NextDeadline => _lookup?.NextDeadline ?? Instant.Never;

    /// <summary>Requests of the lookup, second tries not among them.</summary>
    internal int Asked => _lookup?.Asked ?? 0;

    /// <summary>Whoever answered, bootstrap nodes among them.</summary>
    internal int Heard { get; private set; }

    internal int Good { get; private set; }

    internal int Silenced { get; private set; }

    internal int Stored { get; private set; }

    internal int SilentCommits { get; private set; }

    internal bool TryTake([NotNullWhen(true)] out RpcAnswer? answer) => _answers.TryDequeue(out answer);

    internal bool TryTakeSilent(out UdpEndpoint endpoint) => _silent.TryDequeue(out endpoint);

    /// <summary>The closest that answered, nearest first; of nodes that the caller named, all that answered.</summary>
    internal Gen1Contact[] Closest()
    {
        if (_lookup is null)
        {
            return [.. _given];
        }

        Gen1Contact[] closest = new Gen1Contact[Width];
        return closest[..CopyClosest(closest)];
    }

    internal int CopyClosest(Span<Gen1Contact> closest) => _lookup?.CopyClosest(closest) ?? 0;

    internal void Stop()
    {
        _lookup?.Stop();
        IsFinished = true;
    }

    /// <summary>Whom to ask next; it counts as asked. Call until false.</summary>
    internal bool TryNext(Instant now, out Gen1Step step)
    {
        step = default;
        if (IsFinished || (IsPaused && !_isCommitting))
        {
            return false;
        }

        if (_isCommitting)
        {
            if (_openCommits >= _options.Concurrency || !_commits.TryDequeue(out Gen1Contact contact))
            {
                return false;
            }

            _openCommits++;
            step = new Gen1Step(_committer, contact, Question, _tokens[contact]);
            return true;
        }

        if (_openStarts < _options.Concurrency && _starts.TryDequeue(out UdpEndpoint endpoint))
        {
            _openStarts++;
            step = new Gen1Step(_starter, new Gen1Contact(default, endpoint), _lookup is null ? Question : Gen1Question.FindNode(Target), null);
            return true;
        }

        if (_lookup is null || !_lookup.TryNext(now, out Gen1Contact next))
        {
            return false;
        }

        step = new Gen1Step(this, next, Question, null);
        return true;
    }

    /// <summary>A step could not be sent.</summary>
    internal void NotSent(in Gen1Step step, Instant now)
    {
        if (step.Asker == _committer)
        {
            CloseCommit(isStored: false);
        }
        else if (step.Asker == _starter)
        {
            CloseStart(step.To, isHeard: false);
        }
        else
        {
            Fail(step.To, now);
        }
    }

    /// <summary>After all steps that can be made now: goes on to the commit, or ends.</summary>
    internal void Conclude()
    {
        if (IsFinished)
        {
            return;
        }

        if (!_isCommitting)
        {
            // A lookup that ran out of contacts gets new ones from a bootstrap node that has not answered yet; one that found its closest needs none.
            bool waits = _openStarts + _starts.Count > 0;
            if (_lookup is null ? waits : !_lookup.IsFinished || (waits && _lookup.End == LookupEnd.Exhausted))
            {
                return;
            }

            _isCommitting = true;
            if (_options.Commits)
            {
                foreach (Gen1Contact contact in Closest().Where(_tokens.ContainsKey))
                {
                    _commits.Enqueue(contact);
                }
            }
        }

        if (_commits.Count + _openCommits == 0)
        {
            IsFinished = true;
            _options.Changed?.Invoke();
        }
    }

    public void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now)
    {
        if (IsFinished || _isCommitting || _lookup is null)
        {
            return;
        }

        Heard++;
        Span<Gen1Contact> closer = stackalloc Gen1Contact[RpcAnswer.MaxCloserNodes];
        closer = closer[..ReadContacts(answer, request.To.Endpoint, closer)];
        if (!answer.HasId)
        {
            // Whoever has no id is none of the closest; the nodes it names are as good as another's.
            _lookup.Fail(request.To, now);
            _lookup.AddSeeds(closer);
        }
        else
        {
            // Under another id than it was named by it is asked once more; what it said meanwhile is kept.
            Gen1Contact from = new(answer.Id, request.To.Endpoint);
            _lookup.Answer(from, closer, now);
            if (from.Id == request.To.Id)
            {
                Good++;
                KeepToken(from, answer);
                Keep(answer, request, RpcPhase.Walk, now);
            }
            else
            {
                _lookup.AddSeeds(closer);
            }
        }

        _options.Changed?.Invoke();
    }

    public void Silent(Gen1OpenRequest request, Instant now)
    {
        bool isTried = !IsFinished && !_isCommitting && _options.Holepunches
            && _referrers.TryGetValue(request.To, out UdpEndpoint referrer)
            && _host.Punch(_second, request.To, referrer, now);
        if (!isTried)
        {
            Fail(request.To, now);
        }
    }

    internal static RpcAnswer AnswerOf(in Gen1Message answer, Gen1OpenRequest request, RpcPhase phase, Instant now)
    {
        List<UdpEndpoint> closer = [];
        foreach (Gen1Contact contact in answer.Nodes)
        {
            if (closer.Count == RpcAnswer.MaxCloserNodes)
            {
                break;
            }

            closer.Add(contact.Endpoint);
        }

        // Only a pong says how we are seen; elsewhere the value is the application's.
        bool isPong = request.Question == Gen1Question.Ping && answer.HasValue;
        UdpEndpoint to = isPong && Gen1Reader.TryReadEndpoint(answer.Value, out UdpEndpoint seen) ? seen : default;
        return new RpcAnswer(
            request.To.Endpoint,
            answer.HasId ? answer.Id : null,
            to,
            answer.HasToken ? (ReadOnlyMemory<byte>?)answer.Token.ToArray() : null,
            0,
            answer.HasValue ? (ReadOnlyMemory<byte>?)answer.Value.ToArray() : null,
            closer,
            now - request.SentAt)
        {
            Phase = phase,
        };
    }

    private int ReadContacts(in Gen1Message answer, UdpEndpoint from, Span<Gen1Contact> closer)
    {
        int count = _host.ReadContacts(answer, closer);
        foreach (Gen1Contact contact in closer[..count])
        {
            if (_referrers.Count < MostReferrers)
            {
                _referrers.TryAdd(contact, from);
            }
        }

        return count;
    }

    private void KeepToken(in Gen1Contact from, in Gen1Message answer)
    {
        if (_options.Commits && answer.HasToken)
        {
            _tokens[from] = answer.Token.ToArray();
        }
    }

    private void Keep(in Gen1Message answer, Gen1OpenRequest request, RpcPhase phase, Instant now)
    {
        if (_options.Keeps && (phase == RpcPhase.Commit || !_options.Commits || _options.IsVerbose))
        {
            _answers.Enqueue(AnswerOf(answer, request, phase, now));
        }
    }

    private void Fail(Gen1Contact contact, Instant now)
    {
        if (!IsFinished)
        {
            NoteSilence(contact);
            _lookup?.Fail(contact, now);
            _options.Changed?.Invoke();
        }
    }

    private void NoteSilence(in Gen1Contact contact)
    {
        Silenced++;
        if (_options.Keeps && _silent.Count < MostSilent)
        {
            _silent.Enqueue(contact.Endpoint);
        }
    }

    private void CloseStart(in Gen1Contact contact, bool isHeard)
    {
        _openStarts--;
        Heard += isHeard ? 1 : 0;
        if (!isHeard && !IsFinished)
        {
            NoteSilence(contact);
        }

        _options.Changed?.Invoke();
    }

    private void CloseCommit(bool isStored)
    {
        _openCommits--;
        Stored += isStored ? 1 : 0;
        SilentCommits += isStored ? 0 : 1;
        _options.Changed?.Invoke();
    }

    /// <summary>Asks those that are known by address alone.</summary>
    private sealed class StartAsker(Gen1Walk walk) : IGen1Asker
    {
        public void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now)
        {
            if (walk.IsFinished || walk._isCommitting)
            {
                return;
            }

            if (walk._lookup is { } lookup)
            {
                Span<Gen1Contact> closer = stackalloc Gen1Contact[RpcAnswer.MaxCloserNodes + 1];
                int count = walk.ReadContacts(answer, request.To.Endpoint, closer[..^1]);
                if (answer.HasId)
                {
                    closer[count++] = new Gen1Contact(answer.Id, request.To.Endpoint);
                }

                lookup.AddSeeds(closer[..count]);
            }
            else
            {
                Gen1Contact from = new(answer.HasId ? answer.Id : default, request.To.Endpoint);
                walk._given.Add(from);
                walk.Good++;
                walk.KeepToken(from, answer);
                walk.Keep(answer, request, RpcPhase.Walk, now);
            }

            walk.CloseStart(request.To, isHeard: true);
        }

        public void Silent(Gen1OpenRequest request, Instant now) => walk.CloseStart(request.To, isHeard: false);
    }

    /// <summary>Asks once more whoever was silent: first its referrer opens the way, then comes the question.</summary>
    private sealed class SecondAsker(Gen1Walk walk) : IGen1Asker
    {
        public void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now)
        {
            if (request.Referrer is null)
            {
                walk.Answered(request, answer, now);
            }
            else if (walk.IsFinished || walk._isCommitting || !walk._host.AskAgain(this, walk.Question, request.To, now))
            {
                walk.Fail(request.To, now);
            }
        }

        public void Silent(Gen1OpenRequest request, Instant now) => walk.Fail(request.To, now);
    }

    /// <summary>The writes after a lookup: one to each of the closest that gave a token.</summary>
    private sealed class CommitAsker(Gen1Walk walk) : IGen1Asker
    {
        public void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now)
        {
            if (!walk.IsFinished)
            {
                walk.Keep(answer, request, RpcPhase.Commit, now);
                walk.CloseCommit(isStored: true);
            }
        }

        public void Silent(Gen1OpenRequest request, Instant now) => walk.CloseCommit(isStored: false);
    }
}

/// <summary>A question that a walk wants asked.</summary>
internal readonly record struct Gen1Step(IGen1Asker Asker, Gen1Contact To, Gen1Question Question, ReadOnlyMemory<byte>? Token);

/// <summary>What a walk needs of the node.</summary>
internal interface IGen1WalkHost
{
    /// <summary>The nodes that an answer names and that may be asked, ourselves left out.</summary>
    int ReadContacts(in Gen1Message answer, Span<Gen1Contact> contacts);

    /// <summary>Asks a contact whether it is there, also by way of a referrer.</summary>
    bool Punch(IGen1Asker asker, Gen1Contact contact, UdpEndpoint referrer, Instant now);

    /// <summary>Asks a contact once more.</summary>
    bool AskAgain(IGen1Asker asker, Gen1Question question, Gen1Contact contact, Instant now);
}
