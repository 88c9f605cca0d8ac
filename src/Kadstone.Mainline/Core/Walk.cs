using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>One query in one address family: a node lookup, the tokens it gathered, and the commit after it.</summary>
internal sealed class Walk : IAsker
{
    /// <summary>Writes go to the 8 nearest that gave a token (BEP 5: the K closest).</summary>
    private const int CommitWidth = 8;

    // bittorrent-dht answers with its whole table: more than the lookup takes from one answer, so that it can choose the nearest.
    private const int MaxContacts = 128;
    private const int MaxToken = 64;
    private const int MaxTokens = 256;

    private readonly Dictionary<NodeContact, byte[]> _tokens = [];
    private readonly Action _changed;
    private CommitAsker? _commit;

    internal Walk(Query query, LocalNode local, LookupOptions options, ReadOnlySpan<NodeContact> seeds, Action changed)
    {
        Query = query;
        Local = local;
        _changed = changed;
        Lookup = new NodeLookup<Key160, NodeContact>(query.Target, options, seeds);
        query.Attach(this);
    }

    internal Query Query { get; }

    internal LocalNode Local { get; }

    internal NodeLookup<Key160, NodeContact> Lookup { get; }

    internal bool IsFinished { get; private set; }

    /// <summary>Whether the lookup has ended and its writes are on their way.</summary>
    internal bool IsCommitting => _commit is not null;

    internal int RefusedQuestions { get; private set; }

    internal int Stored => _commit?.Stored ?? 0;

    internal int RefusedCommits => _commit?.Refused ?? 0;

    internal int SilentCommits => _commit?.Silent ?? 0;

    internal int LastErrorCode => _commit?.LastErrorCode ?? 0;

    /// <summary>Asks for bootstrap nodes in the walk as well: a node new to both families learns both at once (BEP 32).</summary>
    internal bool WantsBothFamilies { get; init; }

    /// <summary>Whether it is part of joining: its table was not full yet.</summary>
    internal bool IsJoining { get; set; }

    /// <summary>Whether it was given more of the table after its first seeds had failed.</summary>
    internal bool IsReseeded { get; set; }

    internal void Stop()
    {
        Lookup.Stop();
        IsFinished = true;
    }

    public void Write(ref KrpcWriter writer, Request request, in QueryEnvelope envelope) =>
        Query.WriteQuestion(ref writer, this, request.To, envelope);

    public void Answered(Request request, in KrpcMessage answer, NodeContact from, Instant now)
    {
        if (IsFinished)
        {
            return;
        }

        Span<NodeContact> closer = stackalloc NodeContact[MaxContacts];
        int count = Local.ReadContacts(answer, closer);
        if (answer.HasToken && answer.Token.Length <= MaxToken && _tokens.Count < MaxTokens)
        {
            _tokens[from] = answer.Token.ToArray();
        }

        Lookup.Answer(request.To, closer[..count], now, Lookup.Listener is null ? 0 : Query.CountValues(answer));
        Query.Collect(this, from, answer, now);
        Query.Changed?.Invoke();
        _changed();
    }

    public void Refused(Request request, int code, Instant now)
    {
        RefusedQuestions++;
        Fail(request, now, isRefusal: true);
    }

    public void Silent(Request request, Instant now) => Fail(request, now, isRefusal: false);

    // The lookup knows what to do with a liar who gave a true node's endpoint under a wrong id.
    public void Mistaken(Request request, NodeContact actual, Instant now)
    {
        if (!IsFinished)
        {
            Lookup.Answer(actual, [], now);
            _changed();
        }
    }

    /// <summary>After the lookup: starts the commit, or ends.</summary>
    /// <param name="send">Sends one commit.</param>
    internal void Conclude(Action<CommitAsker, NodeContact> send)
    {
        if (IsFinished || _commit is not null)
        {
            return;
        }

        if (!Query.Commits)
        {
            End();
            return;
        }

        NodeContact[] nearest = new NodeContact[64];
        int count = Lookup.CopyClosest(nearest);
        _commit = new CommitAsker(this);
        foreach (NodeContact contact in nearest.AsSpan(0, count))
        {
            if (_commit.Open < CommitWidth && _tokens.TryGetValue(contact, out byte[]? token))
            {
                _commit.Expect(contact, token);
            }
        }

        foreach (NodeContact contact in _commit.Expected)
        {
            send(_commit, contact);
        }

        EndWhenCommitted();
    }

    private void Fail(Request request, Instant now, bool isRefusal)
    {
        if (!IsFinished)
        {
            Lookup.Fail(request.To, now, isRefusal);
            Query.Changed?.Invoke();
            _changed();
        }
    }

    private void EndWhenCommitted()
    {
        if (_commit is { Open: 0 })
        {
            End();
        }
    }

    private void End()
    {
        IsFinished = true;
        Query.WalkEnded();
    }

    /// <summary>The writes after a lookup: one to each of the nearest contacts that gave a token.</summary>
    internal sealed class CommitAsker(Walk walk) : IAsker
    {
        private readonly Dictionary<NodeContact, byte[]> _tokens = [];

        internal IEnumerable<NodeContact> Expected => _tokens.Keys;

        internal int Open { get; private set; }

        internal int Stored { get; private set; }

        internal int Refused { get; private set; }

        internal int Silent { get; private set; }

        internal int LastErrorCode { get; private set; }

        internal LocalNode Local => walk.Local;

        internal void Expect(NodeContact contact, byte[] token)
        {
            _tokens[contact] = token;
            Open++;
        }

        public void Write(ref KrpcWriter writer, Request request, in QueryEnvelope envelope) =>
            walk.Query.WriteCommit(ref writer, walk, request.To, _tokens[request.To], envelope);

        public void Answered(Request request, in KrpcMessage answer, NodeContact from, Instant now)
        {
            Stored++;
            walk.Lookup.Note(LookupTurnKind.Stored, request.To, now, now - request.SentAt);
            Close();
        }

        void IAsker.Refused(Request request, int code, Instant now)
        {
            Refused++;
            LastErrorCode = code;
            walk.Lookup.Note(LookupTurnKind.StoreRefused, request.To, now, now - request.SentAt, code);
            Close();
        }

        void IAsker.Silent(Request request, Instant now) => CannotAsk(request.To, now);

        internal void Begin(NodeContact contact, Instant now) => walk.Lookup.Note(LookupTurnKind.Storing, contact, now);

        internal void CannotAsk(NodeContact contact, Instant now)
        {
            Silent++;
            walk.Lookup.Note(LookupTurnKind.StoreSilent, contact, now);
            Close();
        }

        private void Close()
        {
            Open--;
            if (!walk.IsFinished)
            {
                walk.Query.Changed?.Invoke();
                walk.EndWhenCommitted();
            }
        }
    }
}
