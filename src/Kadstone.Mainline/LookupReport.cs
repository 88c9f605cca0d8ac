using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>One question of a lookup, for people who want to see how it went.</summary>
/// <param name="Node">Who was asked.</param>
/// <param name="Hop">How many answers led to it: 0 for a contact of our own table.</param>
/// <param name="IntroducedBy">The index of the step whose answer named it; -1 for our own table.</param>
/// <param name="SharedBits">How many leading bits its id shares with the target.</param>
/// <param name="AskedAfter">When it was asked, since the lookup began.</param>
/// <param name="RoundTrip">How long the answer took; null when none came.</param>
/// <param name="State">What became of the question.</param>
public readonly record struct TraceStep(
    NodeContact Node,
    int Hop,
    int IntroducedBy,
    int SharedBits,
    TimeSpan AskedAfter,
    TimeSpan? RoundTrip,
    LookupStepState State);

/// <summary>How a lookup went in one address family.</summary>
/// <param name="Target">What was looked for.</param>
/// <param name="IsIPv4">Which of the two networks.</param>
/// <param name="End">Why it stopped.</param>
/// <param name="Took">From the first question to the last answer that counted.</param>
/// <param name="Steps">The questions in the order of asking.</param>
/// <param name="Closest">The nearest nodes that answered, nearest first.</param>
public sealed record LookupTrace(
    Key160 Target,
    bool IsIPv4,
    LookupEnd End,
    TimeSpan Took,
    IReadOnlyList<TraceStep> Steps,
    IReadOnlyList<NodeContact> Closest)
{
    internal static IReadOnlyList<LookupTrace> Of(Query query)
    {
        List<LookupTrace> traces = [];
        foreach (Walk walk in query.Walks)
        {
            IReadOnlyList<LookupStep<NodeContact>> steps = walk.Lookup.Steps;
            if (steps.Count == 0)
            {
                continue;
            }

            Instant begin = steps[0].AskedAt;
            TimeSpan took = TimeSpan.Zero;
            List<TraceStep> traced = new(steps.Count);
            foreach (LookupStep<NodeContact> step in steps)
            {
                TimeSpan? roundTrip = step.AnsweredAt is Instant answered ? answered - step.AskedAt : null;
                took = step.AnsweredAt is Instant at && at - begin > took ? at - begin : took;
                traced.Add(new TraceStep(
                    step.Contact,
                    step.Hop - 1,
                    step.IntroducedBy,
                    (step.Contact.Id ^ query.Target).LeadingZeroCount,
                    step.AskedAt - begin,
                    roundTrip,
                    step.State));
            }

            NodeContact[] closest = new NodeContact[8];
            int count = walk.Lookup.CopyClosest(closest);
            traces.Add(new LookupTrace(query.Target, walk.Local.IsIPv4, walk.Lookup.End, took, traced, closest[..count]));
        }

        return traces;
    }
}
