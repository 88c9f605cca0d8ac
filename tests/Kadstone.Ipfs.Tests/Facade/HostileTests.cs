using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>A stranger with a host of its own, who writes what it likes.</summary>
public sealed class HostileTests : IAsyncLifetime
{
    private const string Protocol = "/ipfs/kad/1.0.0";

    private Network _network = null!;
    private Libp2pHost _stranger = null!;

    private static CancellationToken Cancelled => Network.Cancelled;

    public async ValueTask InitializeAsync()
    {
        _network = await Network.StartAsync(2);
        _stranger = await Libp2pHost.CreateAsync(Network.Options.Host with { Policy = AddressPolicy.Any }, cancellationToken: Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        await _stranger.DisposeAsync();
        await _network.DisposeAsync();
    }

    [Theory]
    [InlineData("05ffffffffff", "garbage")]
    [InlineData("020863", "a type that is not known")]
    [InlineData("020804", "a question without a key")]
    [InlineData("ffffffff0f", "a length of four gigabytes")]
    [InlineData("8000", "a length that is not in its shortest form")]
    public async Task A_stream_of_nonsense_is_reset_and_the_next_one_is_answered(string hex, string why)
    {
        await using (PeerStream stream = await OpenAsync())
        {
            await stream.WriteAsync(Convert.FromHexString(hex), Cancelled);
            await Should.ThrowAsync<StreamResetException>(async () => await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled), why);
        }

        (await AskAsync(new KadMessage { Type = KadMessageType.Ping })).ShouldNotBeNull();
    }

    [Fact]
    public async Task Many_questions_on_one_stream_are_answered_in_order()
    {
        await using PeerStream stream = await OpenAsync();
        for (int i = 1; i <= 5; i++)
        {
            await stream.WriteMessageAsync(new KadMessage { Type = KadMessageType.GetProviders, Key = Peers.Content(i).Multihash }.Encode(), Cancelled);
        }

        for (int i = 1; i <= 5; i++)
        {
            KadMessage answer = KadMessage.TryRead(await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled)).ShouldNotBeNull();
            answer.Key.Span.SequenceEqual(Peers.Content(i).Multihash.Span).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_record_that_is_not_valid_is_neither_echoed_nor_stored()
    {
        byte[] key = RecordKey.OfName(Peers.Id(1));
        byte[] forged = IpnsEntry.Create(Peers.Key(2), "/ipfs/bafkqaaa", 9, Rfc3339Time.From(DateTimeOffset.UtcNow.AddDays(1)), TimeSpan.Zero);

        await Should.ThrowAsync<StreamResetException>(() => PutAsync(key, forged));
        await Should.ThrowAsync<StreamResetException>(() => PutAsync("/unknown/a"u8.ToArray(), forged));

        (await _network[0].Desk.GetAsync(key, Cancelled)).ShouldBeNull();
        (await AskAsync(new KadMessage { Type = KadMessageType.GetValue, Key = key })).ShouldNotBeNull().Record.ShouldBeNull();
    }

    [Fact]
    public async Task An_older_record_does_not_replace_a_newer_one_and_the_time_is_the_receivers()
    {
        byte[] key = RecordKey.OfName(Peers.Id(1));
        Rfc3339Time validity = Rfc3339Time.From(DateTimeOffset.UtcNow.AddDays(1));
        byte[] older = IpnsEntry.Create(Peers.Key(1), "/ipfs/older", 1, validity, TimeSpan.Zero);
        byte[] newer = IpnsEntry.Create(Peers.Key(1), "/ipfs/newer", 2, validity, TimeSpan.Zero);

        (await PutAsync(key, newer)).Record.ShouldNotBeNull().Value.Span.SequenceEqual(newer).ShouldBeTrue();
        await Should.ThrowAsync<StreamResetException>(() => PutAsync(key, older));

        KadRecord stored = (await AskAsync(new KadMessage { Type = KadMessageType.GetValue, Key = key })).ShouldNotBeNull().Record.ShouldNotBeNull();
        stored.Value.Span.SequenceEqual(newer).ShouldBeTrue();
        stored.TimeReceived.ShouldNotBeNull().ToDateTimeOffset().ShouldBeGreaterThan(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    [Fact]
    public async Task A_provider_that_names_another_is_refused()
    {
        await using PeerStream stream = await OpenAsync();
        KadMessage message = new() { Type = KadMessageType.AddProvider, Key = Peers.Content(1).Multihash, Providers = [new KadPeer(Peers.Id(5), [Peers.Address(5)])] };

        await stream.WriteMessageAsync(message.Encode(), Cancelled);

        await Should.ThrowAsync<StreamResetException>(async () => await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled));
        _network[0].Status()[0].Providers.ShouldBe(0);
    }

    [Fact]
    public async Task A_liar_that_serves_nonsense_costs_a_search_nothing_but_an_error()
    {
        using IDisposable served = _stranger.Accept(Protocol, async (stream, token) =>
        {
            await stream.ReadMessageAsync(KadMessage.MaxRequestLength, token);
            await stream.WriteAsync(new byte[] { 3, 0xFF, 0xFF, 0xFF }, token);
        });
        await _network[1].ConnectAsync(_stranger.ListenAddresses[0].WithPeer(_stranger.LocalPeer), Cancelled);

        ProvideOutcome outcome = await _network[1].ProvideAsync(Peers.Content(1), cancellationToken: Cancelled);

        outcome.ShouldBe(new ProvideOutcome(1, 1, 0));
        _network[1].Contacts().ShouldNotContain(contact => contact.Id == _stranger.LocalPeer);
    }

    [Fact]
    public async Task Who_asks_too_much_is_reset_and_counted_and_others_are_served()
    {
        await using IpfsDht node = await IpfsDht.CreateAsync(Network.Options with { RequestsPerPeer = 1 }, cancellationToken: Cancelled);
        await using PeerStream stream = await _stranger.OpenAsync(node.Info(), Protocol, Cancelled);
        int answered = 0;
        await Should.ThrowAsync<StreamResetException>(async () =>
        {
            // More than come back in the time that this may take.
            for (; answered < 1000; answered++)
            {
                await stream.WriteMessageAsync(new KadMessage { Type = KadMessageType.Ping }.Encode(), Cancelled);
                (await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled)).ShouldNotBeNull();
            }
        });

        answered.ShouldBeInRange(10, 100);
        IpfsStatus status = node.Status()[0];
        (status.Answered, status.RateLimited).ShouldBe((answered, 1));
        await using PeerStream other = await _network[1].Host.OpenAsync(node.Info(), Protocol, Cancelled);
        await other.WriteMessageAsync(new KadMessage { Type = KadMessageType.Ping }.Encode(), Cancelled);
        (await other.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled)).ShouldNotBeNull();
    }

    private async Task<PeerStream> OpenAsync() => await _stranger.OpenAsync(_network[0].Info(), Protocol, Cancelled);

    private async Task<KadMessage?> AskAsync(KadMessage question)
    {
        await using PeerStream stream = await OpenAsync();
        await stream.WriteMessageAsync(question.Encode(), Cancelled);
        return KadMessage.TryRead(await stream.ReadMessageAsync(KadMessage.MaxAnswerLength, Cancelled));
    }

    private async Task<KadMessage> PutAsync(byte[] key, byte[] value)
    {
        Rfc3339Time claimed = new(0, 0);
        return (await AskAsync(new KadMessage { Type = KadMessageType.PutValue, Key = key, Record = new KadRecord(key, value, claimed) })).ShouldNotBeNull();
    }
}
