using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Queries;

/// <summary>What a single question to a single endpoint came to.</summary>
internal enum DirectOutcome
{
    Open,
    Answered,
    Refused,
    Silent,
    NotSent,
}

/// <summary>One question to one endpoint, outside of any lookup: ping, find_node, sample_infohashes.</summary>
internal sealed class DirectQuery(KrpcMethod method, Key160 target) : IAsker
{
    private readonly List<NodeContact> _contacts = [];
    private readonly List<Key160> _samples = [];

    internal Action? Changed { get; set; }

    /// <summary>Called in the core with the answer's contacts, before <see cref="Changed"/>.</summary>
    internal Action<NodeContact, IReadOnlyList<NodeContact>, Instant>? OnAnswered { get; init; }

    internal DirectOutcome Outcome { get; set; }

    /// <summary>Who answered.</summary>
    internal NodeContact Answerer { get; private set; }

    internal TimeSpan RoundTrip { get; private set; }

    internal int ErrorCode { get; private set; }

    internal UdpEndpoint? SeenAs { get; private set; }

    internal byte[] Version { get; private set; } = [];

    internal IReadOnlyList<NodeContact> Contacts => _contacts;

    internal IReadOnlyList<Key160> Samples => _samples;

    internal int SampleInterval { get; private set; }

    internal long SampleTotal { get; private set; }

    public void Write(ref KrpcWriter writer, Request request, in QueryEnvelope envelope)
    {
        switch (method)
        {
            case KrpcMethod.Ping:
                writer.BeginQuery(request.Local.Id);
                envelope.End(ref writer, "ping"u8);
                break;
            case KrpcMethod.SampleInfohashes:
                writer.BeginQuery(request.Local.Id);
                writer.Key("6:target"u8, target);
                envelope.End(ref writer, "sample_infohashes"u8);
                break;
            default:
                FindNodeQuery.Write(ref writer, request.Local, target, wantsBoth: true, envelope);
                break;
        }
    }

    public void Answered(Request request, in KrpcMessage answer, NodeContact from, Instant now)
    {
        Outcome = DirectOutcome.Answered;
        Answerer = from;
        RoundTrip = now - request.SentAt;
        SeenAs = UdpEndpoint.TryReadCompact(answer.ExternalAddress, out UdpEndpoint seen) ? seen : null;
        Version = answer.Version.ToArray();
        Span<NodeContact> contacts = stackalloc NodeContact[64];
        _contacts.AddRange(contacts[..request.Local.ReadContacts(answer, contacts)]);
        SampleInterval = answer.HasInterval ? answer.Interval : 0;
        SampleTotal = answer.HasNum ? answer.Num : 0;
        for (ReadOnlySpan<byte> samples = answer.Samples; samples.Length >= 20; samples = samples[20..])
        {
            _samples.Add(Key160.Read(samples));
        }

        OnAnswered?.Invoke(from, _contacts, now);
        Changed?.Invoke();
    }

    public void Refused(Request request, int code, Instant now)
    {
        Outcome = DirectOutcome.Refused;
        ErrorCode = code;
        RoundTrip = now - request.SentAt;
        Changed?.Invoke();
    }

    public void Silent(Request request, Instant now)
    {
        Outcome = DirectOutcome.Silent;
        Changed?.Invoke();
    }
}
