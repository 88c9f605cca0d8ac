using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Queries;

/// <summary>Collects infohashes that nodes near a target store (BEP 51): one sample a node, never before its interval has passed.</summary>
internal sealed class SampleQuery(Key160 target, SampleSchedule schedule, int backlog) : Query(target)
{
    private readonly HashSet<Key160> _seen = [];
    private readonly Queue<Key160> _found = new();

    internal override string Kind => "sample_infohashes";

    internal override bool IsPaused => _found.Count >= backlog;

    /// <summary>The sum of what the sampled nodes say they store.</summary>
    internal long StoredAtNodes { get; private set; }

    internal int Sampled { get; private set; }

    internal bool TryTake(out Key160 infoHash) => _found.TryDequeue(out infoHash);

    internal override void WriteQuestion(ref KrpcWriter writer, Walk walk, NodeContact to, in QueryEnvelope envelope)
    {
        if (!schedule.MaySample(to.Endpoint, envelope.Now))
        {
            FindNodeQuery.Write(ref writer, walk.Local, Target, walk.WantsBothFamilies, envelope);
            return;
        }

        writer.BeginQuery(walk.Local.Id);
        writer.Key("6:target"u8, Target);
        if (walk.WantsBothFamilies)
        {
            writer.Raw("4:want"u8, "l2:n42:n6e"u8);
        }

        envelope.End(ref writer, "sample_infohashes"u8);
    }

    internal override void Collect(Walk walk, NodeContact from, in KrpcMessage answer, Instant now)
    {
        if (!answer.HasInterval && answer.Samples.IsEmpty)
        {
            return;
        }

        schedule.Sampled(from.Endpoint, answer.HasInterval ? answer.Interval : 0, now);
        Sampled++;
        StoredAtNodes += answer.HasNum ? Math.Clamp(answer.Num, 0, int.MaxValue) : 0;
        ReadOnlySpan<byte> samples = answer.Samples;
        for (; samples.Length >= 20; samples = samples[20..])
        {
            Key160 infoHash = Key160.Read(samples);
            if (_seen.Count < MaxSamples && _seen.Add(infoHash))
            {
                _found.Enqueue(infoHash);
            }
        }
    }

    internal override int CountValues(in KrpcMessage answer) => answer.Samples.Length / Key160.ByteLength;

    private const int MaxSamples = 100_000;
}
