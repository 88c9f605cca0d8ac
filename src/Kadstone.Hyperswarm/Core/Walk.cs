using System.Diagnostics.CodeAnalysis;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>One query: a node lookup, the answers it brought, and the commit after it.</summary>
internal sealed class Walk : IAsker
{
    /// <summary>20: the k of this network, and how many get a commit.</summary>
    internal const int Width = 20;

    /// <summary>The nearest so many are asked for the sake of the 20: npm's nodes name their own neighbours last, so that the 20 nearest by themselves leave out one of the true 20 in every third lookup.</summary>
    internal const int Reach = 36;

    private const int MaxWarnings = 100;
    private const int MaxNamed = 4_096;

    private readonly Dictionary<RpcContact, byte[]> _tokens = [];
    private readonly Queue<RpcAnswer> _answers = new();
    private readonly Queue<string> _warnings = new();

    // Who named whom: the silent are reported to those. Endpoints as numbers, since there are some hundred in each walk.
    private readonly List<(ulong Namer, ulong Named)> _named = [];
    private readonly IWalkHost _host;
    private Commit? _commit;
    private int _warned;

    internal Walk(IWalkHost host, WalkPlan plan, LookupOptions options, ReadOnlySpan<RpcContact> seeds)
    {
        _host = host;
        Plan = plan;
        Lookup = new NodeLookup<Key256, RpcContact>(plan.Target, options, seeds);
    }

    internal WalkPlan Plan { get; }

    /// <summary>Whether the lookup is over and the commit has begun.</summary>
    internal bool IsConcluded => _commit is not null;

    internal Question Question => Plan.Question;

    internal NodeLookup<Key256, RpcContact> Lookup { get; }

    internal bool IsPaused => _answers.Count >= (Plan.Concurrency ?? WalkPlan.DefaultConcurrency);

    internal bool IsFinished { get; private set; }

    /// <summary>Whether it was ended early: then nothing of it is sent any more.</summary>
    internal bool IsStopped { get; private set; }

    bool IAsker.IsOver => IsStopped;

    /// <summary>Answers with an error.</summary>
    internal int Refused { get; private set; }

    /// <summary>Answers without an error, of nodes with an id and of others.</summary>
    internal int Good { get; private set; }

    /// <summary>Nodes that did not answer, or could not be asked.</summary>
    internal int Unanswered { get; private set; }

    internal int Stored => _commit?.Stored ?? 0;

    internal int RefusedCommits => _commit?.Refused ?? 0;

    internal int SilentCommits => _commit?.Silent ?? 0;

    /// <summary>The first error that a commit was answered with; 0: none.</summary>
    internal uint CommitError => _commit?.Error ?? 0;

    internal bool TryTake([NotNullWhen(true)] out RpcAnswer? answer) => _answers.TryDequeue(out answer);

    internal bool TryTakeWarning([NotNullWhen(true)] out string? warning) => _warnings.TryDequeue(out warning);

    internal RpcContact[] Closest()
    {
        RpcContact[] closest = new RpcContact[Math.Max(1, Plan.Nodes?.Count ?? Width)];
        return closest[..Lookup.CopyClosest(closest)];
    }

    /// <summary>Ends it where it is. One that has ended by itself stays as it is: its late answers are still welcome to the table.</summary>
    internal void Stop()
    {
        if (!IsFinished)
        {
            Lookup.Stop();
            IsFinished = true;
            IsStopped = true;
        }
    }

    public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        Span<RpcContact> closer = stackalloc RpcContact[RpcAnswer.MaxCloserNodes];
        int count = Plan.Nodes is null ? _host.ReadContacts(answer, closer) : 0;
        Remember(request.To, closer[..count]);
        bool isGood = answer.Error == RpcError.None;
        Good += isGood ? 1 : 0;
        Refused += isGood ? 0 : 1;
        if (isGood && (hasId || Plan.Nodes is not null))
        {
            if (answer.HasToken)
            {
                _tokens[request.To] = answer.Token.ToArray();
            }

            Lookup.Answer(request.To, closer[..count], now, answer.HasValue ? 1 : 0);
        }
        else
        {
            // Whoever has no id, or refuses, is none of the closest; the nodes it names are as good as another's.
            Lookup.Fail(request.To, now, isRefusal: true);
            Lookup.AddSeeds(closer[..count]);
        }

        if (!isGood)
        {
            Warn(request.To, $"answered with error {(uint)answer.Error}");
        }
        else if (Plan.Keeps)
        {
            _answers.Enqueue(RpcAnswer.Of(answer, request.To, hasId, now - request.SentAt));
        }

        Plan.Changed();
    }

    public void Silent(OpenRequest request, Instant now)
    {
        if (IsStopped)
        {
            return;
        }

        if (request.Attempts > 0)
        {
            Report(request.To, now);
        }

        Fail(request.To, "did not answer", now);
    }

    /// <summary>A contact that cannot be asked.</summary>
    internal void CannotAsk(RpcContact contact, Instant now) => Fail(contact, "could not be asked", now);

    /// <summary>After the lookup: starts the commit, or ends.</summary>
    internal void Conclude(Instant now)
    {
        if (IsFinished || _commit is not null)
        {
            return;
        }

        _commit = new Commit(this);
        if (Plan.Commits)
        {
            foreach (RpcContact contact in Closest())
            {
                if (_tokens.TryGetValue(contact, out byte[]? token))
                {
                    _commit.Send(contact, token, now);
                }
            }
        }

        _commit.SentAll();
    }

    private void Fail(RpcContact contact, string why, Instant now)
    {
        if (!IsFinished)
        {
            Unanswered++;
            Warn(contact, why);
            Lookup.Fail(contact, now);
            Plan.Changed();
        }
    }

    private void Remember(RpcContact namer, ReadOnlySpan<RpcContact> named)
    {
        foreach (ref readonly RpcContact contact in named)
        {
            if (_named.Count < MaxNamed)
            {
                _named.Add((Packed(namer.Endpoint), Packed(contact.Endpoint)));
            }
        }
    }

    private void Report(RpcContact silent, Instant now)
    {
        ulong packed = Packed(silent.Endpoint);
        foreach ((ulong namer, ulong named) in _named)
        {
            if (named == packed)
            {
                _host.Hint(UdpEndpoint.FromIPv4((uint)(namer >> 16), (ushort)namer), silent.Endpoint, now);
            }
        }
    }

    private static ulong Packed(UdpEndpoint endpoint) => (endpoint.AddressLow << 16) | endpoint.Port;

    private void Warn(RpcContact contact, string what)
    {
        if (Plan.Warns && _warned < MaxWarnings)
        {
            _warned++;
            _warnings.Enqueue($"{contact.Endpoint} {what}.");
        }
    }

    private void End()
    {
        IsFinished = true;
        Plan.Changed();
    }

    /// <summary>The writes after a lookup: one to each of the closest that gave a token.</summary>
    private sealed class Commit(Walk walk) : IAsker
    {
        private readonly HashSet<RpcContact> _renewed = [];
        private int _open = 1;

        internal int Stored { get; private set; }

        internal int Refused { get; private set; }

        internal int Silent { get; private set; }

        internal uint Error { get; private set; }

        bool IAsker.IsOver => walk.IsStopped;

        internal void Send(RpcContact contact, byte[] token, Instant now)
        {
            _open++;
            walk.Lookup.Note(LookupTurnKind.Storing, contact, now);
            if (!walk._host.SendCommit(this, walk.Question, contact, token, now))
            {
                Silent++;
                walk.Lookup.Note(LookupTurnKind.StoreSilent, contact, now);
                walk.Warn(contact, "could not be asked to commit");
                Close();
            }
        }

        internal void SentAll() => Close();

        public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
        {
            // The walk took longer than its token lived: the refusal brings a fresh one.
            bool isTooLate = answer.Error == RpcError.InvalidToken && answer.HasToken && !walk.IsFinished && _renewed.Add(request.To);
            if (isTooLate && walk._host.SendCommit(this, walk.Question, request.To, answer.Token.ToArray(), now))
            {
                return;
            }

            if (answer.Error == RpcError.None)
            {
                Stored++;
                walk.Lookup.Note(LookupTurnKind.Stored, request.To, now, now - request.SentAt);
                if (walk.Plan.KeepsCommits && !walk.IsFinished)
                {
                    walk._answers.Enqueue(RpcAnswer.Of(answer, request.To, hasId, now - request.SentAt) with { Phase = RpcPhase.Commit });
                }
            }
            else
            {
                Refused++;
                walk.Lookup.Note(LookupTurnKind.StoreRefused, request.To, now, now - request.SentAt, (int)answer.Error);
                Error = Error == 0 ? (uint)answer.Error : Error;
                walk.Warn(request.To, $"refused the commit with error {(uint)answer.Error}");
            }

            Close();
            walk.Plan.Changed();
        }

        void IAsker.Silent(OpenRequest request, Instant now)
        {
            Silent++;
            walk.Lookup.Note(LookupTurnKind.StoreSilent, request.To, now);
            walk.Warn(request.To, "did not answer the commit");
            Close();
        }

        private void Close()
        {
            _open--;
            if (_open == 0 && !walk.IsFinished)
            {
                walk.End();
            }
        }
    }
}

/// <summary>What a walk needs of the node.</summary>
internal interface IWalkHost
{
    /// <summary>The nodes that an answer names and that may be asked, ourselves left out.</summary>
    int ReadContacts(in RpcMessage answer, Span<RpcContact> contacts);

    /// <summary>Sends a commit.</summary>
    bool SendCommit(IAsker asker, Question question, RpcContact to, ReadOnlyMemory<byte> token, Instant now);

    /// <summary>Tells a node that one it named does not answer.</summary>
    void Hint(UdpEndpoint namer, UdpEndpoint silent, Instant now);
}
