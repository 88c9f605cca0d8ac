using System.Text;
using System.Text.Json.Serialization;

namespace Kadstone.Ipfs.Tests.Facade;

public sealed partial class ValueTests
{
    private static readonly GetOptions s_all = new() { Quorum = 0 };

    [Fact]
    public async Task A_value_that_is_put_is_got_by_bytes_and_by_text()
    {
        await using Network network = await Network.StartAsync(6);

        PutOutcome outcome = await network[1].PutAsync("/test/a", "value"u8.ToArray(), cancellationToken: Network.Cancelled);
        ReadOnlyMemory<byte> byText = await network[4].GetAsync("/test/a", s_all, Network.Cancelled);
        ReadOnlyMemory<byte> byBytes = await network[5].GetAsync("/test/a"u8.ToArray(), s_all, Network.Cancelled);

        outcome.ShouldBe(new PutOutcome(5, 0, 5));
        Encoding.UTF8.GetString(byText.Span).ShouldBe("value");
        Encoding.UTF8.GetString(byBytes.Span).ShouldBe("value");
    }

    [Fact]
    public async Task A_value_of_any_type_comes_back_identical()
    {
        await using Network network = await Network.StartAsync(4);
        Thing thing = new("thing", [1, 2, 3]);

        await network[1].PutAsync("/test/json", thing, Context.Default.Thing, cancellationToken: Network.Cancelled);
        Thing? got = await network[2].GetAsync("/test/json", Context.Default.Thing, cancellationToken: Network.Cancelled);

        got.ShouldNotBeNull().Name.ShouldBe("thing");
        got.Numbers.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task The_best_of_several_values_is_returned_and_handed_to_those_that_lack_it()
    {
        await using Network network = await Network.StartAsync(5);
        await PlaceAsync(network, 0, "1");
        await PlaceAsync(network, 1, "333");
        await PlaceAsync(network, 2, "22");

        ReadOnlyMemory<byte> best = await network[4].GetAsync("/test/best", s_all, Network.Cancelled);

        Encoding.UTF8.GetString(best.Span).ShouldBe("333");
        foreach (int i in new[] { 0, 2, 3 })
        {
            await network[i].HasValueAsync("/test/best", "333").WaitAsync(Network.Guard, Network.Cancelled);
        }
    }

    [Fact]
    public async Task A_value_that_nobody_has_is_not_found()
    {
        await using Network network = await Network.StartAsync(4);

        await Should.ThrowAsync<RecordNotFoundException>(() => network[1].GetAsync("/test/none", cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task A_value_that_may_not_stand_there_is_not_put()
    {
        await using Network network = await Network.StartAsync(3);

        await Should.ThrowAsync<InvalidRecordException>(() => network[1].PutAsync("/test/a", "bad"u8.ToArray(), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<InvalidRecordException>(() => network[1].PutAsync("/unknown/a", "good"u8.ToArray(), cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<InvalidRecordException>(() => network[1].GetAsync("/unknown/a", cancellationToken: Network.Cancelled));
        await Should.ThrowAsync<FormatException>(() => network[1].GetAsync("/ipns/nobody", cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task A_worse_value_than_ours_is_rejected()
    {
        await using Network network = await Network.StartAsync(3);
        await network[1].PutAsync("/test/a", "longer"u8.ToArray(), cancellationToken: Network.Cancelled);

        await Should.ThrowAsync<RecordRejectedException>(() => network[1].PutAsync("/test/a", "short"u8.ToArray(), cancellationToken: Network.Cancelled));
    }

    [Fact]
    public async Task The_events_of_a_search_show_the_value_and_those_of_a_put_the_peers()
    {
        await using Network network = await Network.StartAsync(5);

        List<QueryEvent> put = await network[1].PutEventsAsync("/test/a"u8.ToArray(), "value"u8.ToArray(), cancellationToken: Network.Cancelled).ListAsync();
        List<QueryEvent> got = await network[3].GetEventsAsync("/test/a"u8.ToArray(), s_all, Network.Cancelled).ListAsync();

        put.Count(happened => happened.Type == QueryEventType.FinalPeer).ShouldBe(4);
        got.ShouldContain(happened => happened.Type == QueryEventType.Value && happened.Extra == "dmFsdWU=");
    }

    [Fact]
    public async Task A_public_key_needs_no_putting_when_it_stands_in_its_id()
    {
        await using Network network = await Network.StartAsync(3);

        ReadOnlyMemory<byte> key = await network[1].GetAsync($"/pk/{network[2].LocalPeer}", cancellationToken: Network.Cancelled);

        PublicKey.TryRead(key.Span, out PublicKey? read).ShouldBeTrue();
        read.ShouldNotBeNull().PeerId.ShouldBe(network[2].LocalPeer);
    }

    [Fact]
    public async Task A_name_leads_where_it_was_last_published_to()
    {
        await using Network network = await Network.StartAsync(6);
        PrivateKey key = Peers.Key(42);

        IpnsName first = await network[1].PublishNameAsync(key, "/ipfs/bafkqaaa", cancellationToken: Network.Cancelled);
        IpnsName second = await network[2].PublishNameAsync(key, "/ipfs/bafkqabdunfxhs", cancellationToken: Network.Cancelled);
        IpnsName resolved = await network[5].ResolveNameAsync(key.PeerId, s_all, Network.Cancelled);

        (first.Sequence, second.Sequence).ShouldBe((0UL, 1UL));
        resolved.Path.ShouldBe("/ipfs/bafkqabdunfxhs");
        resolved.Sequence.ShouldBe(1UL);
        resolved.TimeToLive.ShouldBe(TimeSpan.FromMinutes(5));
        resolved.Validity.ShouldBe(second.Validity);
        await Should.ThrowAsync<RecordRejectedException>(
            () => network[1].PublishNameAsync(key, "/ipfs/bafkqaaa", new PublishOptions { Sequence = 0 }, Network.Cancelled));
    }

    [Fact]
    public async Task After_days_a_name_of_our_own_key_still_leads_there_and_one_whose_key_was_lent_has_ended()
    {
        // The calendar moves and the timers do not: what is under way is not late.
        Clock clock = new();
        await using Network network = await Network.StartAsync(0);
        for (int i = 0; i < 4; i++)
        {
            await network.AddAsync(Network.Options with { Host = Network.Options.Host with { Identity = Peers.Key(100 + i) } }, time: clock);
        }

        await network.SettleAsync();
        IpfsDht publisher = network[1];
        IpnsName own = await publisher.PublishNameAsync(Peers.Key(101), "/ipfs/bafkqaaa", cancellationToken: Network.Cancelled);
        IpnsName lent = await publisher.PublishNameAsync(Peers.Key(42), "/ipfs/bafkqaaa", cancellationToken: Network.Cancelled);
        IpnsName unkept = await publisher.PublishNameAsync(Peers.Key(101), "/ipfs/bafkqaaa", new PublishOptions { Keep = false, Sequence = own.Sequence, Lifetime = TimeSpan.FromHours(49) }, Network.Cancelled);
        (own.IsRenewed, lent.IsRenewed, unkept.IsRenewed).ShouldBe((true, false, false));

        for (TimeSpan passed = TimeSpan.Zero; passed < TimeSpan.FromDays(4); passed += TimeSpan.FromHours(4))
        {
            clock.Advance(TimeSpan.FromHours(4));
            await publisher.Keeper.TellDueAsync(Network.Cancelled);
        }

        IpnsName resolved = await network[3].ResolveNameAsync(own.Name, s_all, Network.Cancelled);
        (resolved.Path, resolved.Sequence, resolved.IsRenewed).ShouldBe((own.Path, own.Sequence, false));
        resolved.Validity.ShouldBeGreaterThan(own.Validity + TimeSpan.FromDays(3));
        await Should.ThrowAsync<RecordNotFoundException>(() => network[3].ResolveNameAsync(lent.Name, s_all, Network.Cancelled));

        (await publisher.StopPublishingNameAsync(own.Name, Network.Cancelled)).ShouldBeTrue();
        (await publisher.StopPublishingNameAsync(own.Name, Network.Cancelled)).ShouldBeFalse();
        (await publisher.StopPublishingNameAsync(lent.Name, Network.Cancelled)).ShouldBeFalse();
    }

    [Fact]
    public async Task One_millisecond_is_too_short_for_a_search()
    {
        await using Libp2pHost silent = await Libp2pHost.CreateAsync(Network.Options.Host with { Policy = AddressPolicy.Any }, cancellationToken: Network.Cancelled);
        using IDisposable served = silent.Accept("/ipfs/kad/1.0.0", (_, token) => Task.Delay(Timeout.Infinite, token));
        await using IpfsDht seeker = await IpfsDht.CreateAsync(Network.Options with { Bootstrap = [silent.ListenAddresses[0].WithPeer(silent.LocalPeer)] }, cancellationToken: Network.Cancelled);

        // The only peer that it knows takes the question and never answers.
        await Should.ThrowAsync<DhtTimeoutException>(() => seeker.GetAsync("/test/a", new GetOptions { Timeout = TimeSpan.FromMilliseconds(1) }, Network.Cancelled));
    }

    [Fact]
    public async Task A_search_that_is_cancelled_ends_with_the_callers_own_token()
    {
        await using Network network = await Network.StartAsync(3);
        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();

        OperationCanceledException exception = await Should.ThrowAsync<OperationCanceledException>(() => network[1].GetAsync("/test/none", cancellationToken: cancelled.Token));

        cancelled.IsCancellationRequested.ShouldBeTrue();
        exception.ShouldNotBeOfType<DhtTimeoutException>();
    }

    private static async Task PlaceAsync(Network network, int node, string value) =>
        (await network[node].Desk.PutAsync("/test/best"u8.ToArray(), Encoding.UTF8.GetBytes(value), Network.Cancelled)).ShouldBe(RecordVerdict.Stored);

    internal sealed record Thing(string Name, int[] Numbers);

    [JsonSerializable(typeof(Thing))]
    internal sealed partial class Context : JsonSerializerContext;
}
