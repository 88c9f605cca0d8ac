using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests;

/// <summary>BEP 44 between our node and another implementation, in both directions. "It" is that implementation.</summary>
public abstract class StorageConversations
{
    private protected abstract Task<MainlinePeer> StartAsync(int nodes, params string[] bootstrap);

    /// <summary>Nodes that know each other, and none of ours.</summary>
    private protected abstract Task<MainlinePeer> StartNetworkAsync(int nodes);

    /// <summary>"It stores and our node is the only one there" is the strictest form: nobody else can have answered.</summary>
    private async Task<MainlinePeer> StartBesideAsync(KadstoneNode ours)
    {
        MainlinePeer it = await StartAsync(1, ours.Endpoint);
        await it.WaitForNodeAsync(ours.Endpoint);
        return it;
    }

    [Fact]
    public async Task We_store_and_return_the_immutable_item_that_it_puts()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using MainlinePeer it = await StartBesideAsync(ours);
        (string target, int stored) = await it.PutImmutableAsync("put by it");
        stored.ShouldBePositive();
        DhtResult get = await DhtCommand.GetAsync(target, bootstrap: ours.Endpoint);
        get.Exit.ShouldBe(DhtExit.Found, get.Transcript);
        get.Lines.ShouldContain("put by it");
        (await it.GetImmutableAsync(target)).ShouldBe("put by it");
    }

    [Fact]
    public async Task It_finds_the_immutable_item_that_we_put()
    {
        await using MainlinePeer it = await StartNetworkAsync(3);
        DhtResult put = await DhtCommand.PutImmutableAsync("put by us", it.Endpoint);
        put.IsStored.ShouldBeTrue(put.Transcript);
        string target = Bep44.ImmutableTarget("put by us");
        put.Lines.ShouldContain(line => line.Contains(target));
        (await it.GetImmutableAsync(target, node: 2)).ShouldBe("put by us");
    }

    [Theory, InlineData(null), InlineData("a salt")]
    public async Task We_store_and_return_the_mutable_item_that_it_puts(string? salt)
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using MainlinePeer it = await StartBesideAsync(ours);
        PutOutcome put = await it.PutMutableAsync(SigningKey.First, "signed by it", salt: salt);
        put.Error.ShouldBeNull();
        put.Stored.ShouldBePositive();
        DhtResult get = await DhtCommand.GetAsync(SigningKey.First.PublicKey, salt, ours.Endpoint);
        get.Exit.ShouldBe(DhtExit.Found, get.Transcript);
        get.Lines.ShouldContain("signed by it");
        (await it.GetMutableAsync(SigningKey.First, salt)).ShouldBe(new MutableItem("signed by it", put.Sequence));
    }

    [Theory, InlineData(null), InlineData("a salt")]
    public async Task It_finds_the_mutable_item_that_we_put(string? salt)
    {
        await using MainlinePeer it = await StartNetworkAsync(3);
        DhtResult put = await DhtCommand.PutMutableAsync(SigningKey.Second, "signed by us", sequence: 7, salt, it.Endpoint);
        put.IsStored.ShouldBeTrue(put.Transcript);
        (await it.GetMutableAsync(SigningKey.Second, salt, node: 2)).ShouldBe(new MutableItem("signed by us", 7));
    }

    [Fact]
    public async Task The_newer_of_two_mutable_items_wins_on_both_sides()
    {
        await using KadstoneNode ours = await KadstoneNode.StartAsync();
        await using MainlinePeer it = await StartBesideAsync(ours);
        DhtResult first = await DhtCommand.PutMutableAsync(SigningKey.First, "first, ours", sequence: 1, salt: null, ours.Endpoint);
        first.IsStored.ShouldBeTrue(first.Transcript);
        PutOutcome second = await it.PutMutableAsync(SigningKey.First, "second, its", sequence: 2);
        second.Error.ShouldBeNull();
        second.Stored.ShouldBePositive();
        (await DhtCommand.GetAsync(SigningKey.First.PublicKey, bootstrap: ours.Endpoint)).Lines.ShouldContain("second, its");

        DhtResult late = await DhtCommand.PutMutableAsync(SigningKey.First, "too late", sequence: 1, salt: null, ours.Endpoint);
        // Who holds the second refuses it; who holds nothing may take it, and then the higher number wins.
        late.Exit.ShouldBeOneOf(DhtExit.Rejected, DhtExit.FewerThanAsked);
        (await it.GetMutableAsync(SigningKey.First)).ShouldBe(new MutableItem("second, its", 2));
        (await DhtCommand.GetAsync(SigningKey.First.PublicKey, bootstrap: ours.Endpoint)).Lines.ShouldContain("second, its");
    }
}
