using System.Diagnostics.CodeAnalysis;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>One query: a node lookup, the answers it brought, and the commit after it.</summary>
internal sealed class Walk : IAsker
{
    /// <summary>20: the k of this network, and how many get a commit.</summary>
    internal const int Width = 20;

    private const int Backlog = 64;

    private readonly Dictionary<RpcContact, byte[]> _tokens = [];
    private readonly Queue<RpcAnswer> _answers = new();
    private readonly IWalkHost _host;
    private Commit? _commit;

    internal Walk(IWalkHost host, Question question, Key256 target, LookupOptions options, ReadOnlySpan<RpcContact> seeds)
    {
        _host = host;
        Question = question;
        Lookup = new NodeLookup<Key256, RpcContact>(target, options, seeds);
    }

    internal Question Question { get; }

    internal NodeLookup<Key256, RpcContact> Lookup { get; }

    /// <summary>Whether answers are kept for a caller, who must take them: no more is asked while she does not.</summary>
    internal bool Keeps { get; init; }

    /// <summary>Whether the same question goes to the closest again, each with its token.</summary>
    internal bool Commits { get; init; }

    /// <summary>Called after anything changed; under the driver's lock, so it may only signal.</summary>
    internal Action? Changed { get; init; }

    internal bool IsPaused => _answers.Count >= Backlog;

    internal bool IsFinished { get; private set; }

    /// <summary>Answers with an error.</summary>
    internal int Refused { get; private set; }

    /// <summary>Answers without an error, of nodes with an id and of others.</summary>
    internal int Good { get; private set; }

    internal int Stored => _commit?.Stored ?? 0;

    internal int RefusedCommits => _commit?.Refused ?? 0;

    internal int SilentCommits => _commit?.Silent ?? 0;

    internal bool TryTake([NotNullWhen(true)] out RpcAnswer? answer) => _answers.TryDequeue(out answer);

    internal RpcContact[] Closest()
    {
        RpcContact[] closest = new RpcContact[Width];
        return closest[..Lookup.CopyClosest(closest)];
    }

    internal void Stop()
    {
        Lookup.Stop();
        IsFinished = true;
    }

    public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        Span<RpcContact> closer = stackalloc RpcContact[RpcAnswer.MaxCloserNodes];
        int count = _host.ReadContacts(answer, closer);
        bool isGood = answer.Error == RpcError.None;
        Good += isGood ? 1 : 0;
        Refused += isGood ? 0 : 1;
        if (isGood && hasId)
        {
            if (answer.HasToken)
            {
                _tokens[request.To] = answer.Token.ToArray();
            }

            Lookup.Answer(request.To, closer[..count], now);
        }
        else
        {
            // Whoever has no id, or refuses, is none of the closest; the nodes it names are as good as another's.
            Lookup.Fail(request.To, now);
            Lookup.AddSeeds(closer[..count]);
        }

        if (Keeps && isGood)
        {
            _answers.Enqueue(RpcAnswer.Of(answer, request.To, hasId, now - request.SentAt));
        }

        Changed?.Invoke();
    }

    public void Silent(OpenRequest request, Instant now) => Fail(request.To, now);

    internal void Fail(RpcContact contact, Instant now)
    {
        if (!IsFinished)
        {
            Lookup.Fail(contact, now);
            Changed?.Invoke();
        }
    }

    /// <summary>After the lookup: starts the commit, or ends.</summary>
    internal void Conclude(Instant now)
    {
        if (IsFinished || _commit is not null)
        {
            return;
        }

        _commit = new Commit(this);
        if (Commits)
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

    private void End()
    {
        IsFinished = true;
        Changed?.Invoke();
    }

    /// <summary>The writes after a lookup: one to each of the closest that gave a token.</summary>
    private sealed class Commit(Walk walk) : IAsker
    {
        private int _open = 1;

        internal int Stored { get; private set; }

        internal int Refused { get; private set; }

        internal int Silent { get; private set; }

        internal void Send(RpcContact contact, byte[] token, Instant now)
        {
            _open++;
            if (!walk._host.SendCommit(this, walk.Question, contact, token, now))
            {
                Silent++;
                Close();
            }
        }

        internal void SentAll() => Close();

        public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
        {
            bool isStored = answer.Error == RpcError.None;
            Stored += isStored ? 1 : 0;
            Refused += isStored ? 0 : 1;
            Close();
        }

        void IAsker.Silent(OpenRequest request, Instant now)
        {
            Silent++;
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
}
