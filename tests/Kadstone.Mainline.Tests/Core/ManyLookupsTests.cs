using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 37: more lookups at once than requests may be open.</summary>
public sealed class ManyLookupsTests
{
    [Fact]
    public void Three_thousand_lookups_at_once_wait_for_each_other_and_none_takes_a_contact_for_silent()
    {
        Conversation talk = new(Conversation.Unlimited);
        Neighbours network = new(talk, 60);
        talk.Node.AddSaved(network.All.Take(16));
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(30));
        talk.Sent.Clear();
        GetPeersQuery[] lookups = [.. Enumerable.Range(0, 3_000).Select(_ => new GetPeersQuery(talk.NewKey()))];
        foreach (GetPeersQuery lookup in lookups)
        {
            talk.Node.Start(lookup, talk.Now);
        }

        talk.Drain();
        talk.Pass(TimeSpan.FromMinutes(1));

        lookups.ShouldAllBe(lookup => lookup.IsFinished);
        lookups.Select(lookup => lookup.Outcome()).ShouldAllBe(outcome => outcome.Answered >= 8);
    }
}
