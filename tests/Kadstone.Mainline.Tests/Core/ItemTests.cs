using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Storage;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 23 as far as the core judges alone: BEP 44's checks before the store, and their order.</summary>
public sealed class ItemTests
{
    private static readonly UdpEndpoint s_putter = Conversation.At(1);
    private static readonly byte[] s_value = Krpc.Encode("value");

    private readonly Conversation _talk = new(Conversation.Unlimited);
    private InboundItem? _taken;

    public ItemTests() => _talk.Node.InboundItems.Arrived = () => _talk.Node.InboundItems.TryTake(out _taken);

    [Fact]
    public void A_value_of_1001_bytes_is_205_and_one_of_1000_is_taken()
    {
        Put(SignedItems.Sign(Krpc.Encode(new string('v', 996)), 1)).ShouldBe(0);
        Put(new Item { Value = Krpc.Encode(new string('v', 996)) }).ShouldBe(0);
        Put(new Item { Value = Krpc.Encode(new string('v', 997)) }).ShouldBe(205);
        Item item = SignedItems.Sign(s_value, 1);
        Put(item with { Value = Krpc.Encode(new string('v', 997)) }).ShouldBe(205);
    }

    [Fact]
    public void A_salt_of_65_bytes_is_207_and_one_of_64_is_taken()
    {
        Put(SignedItems.Sign(s_value, 1, new byte[64])).ShouldBe(0);
        Put(SignedItems.Sign(s_value, 1) with { Salt = new byte[65] }).ShouldBe(207);
        Put(SignedItems.Sign(s_value, 1) with { Salt = new byte[500] }).ShouldBe(207);
    }

    [Fact]
    public void The_size_is_judged_before_the_salt_and_both_before_the_token()
    {
        Item item = SignedItems.Sign(s_value, 1) with { Value = Krpc.Encode(new string('v', 997)), Salt = new byte[65] };
        _talk.Ask("put", s_putter, [.. item.Arguments(), ("token", "wrong")]).ErrorCode.ShouldBe(205);
        _talk.Ask("put", s_putter, [.. (item with { Value = s_value }).Arguments(), ("token", "wrong")]).ErrorCode.ShouldBe(207);
        _talk.Ask("put", s_putter, [.. SignedItems.Sign(s_value, 1).Arguments(), ("token", "wrong")]).ErrorCode.ShouldBe(203);
    }

    [Fact]
    public void Malformed_arguments_are_203_before_anything_else()
    {
        Item good = SignedItems.Sign(s_value, 1);
        (string, object)[][] bad =
        [
            [.. Without(good, "k"), ("k", new byte[31])],
            [.. Without(good, "sig"), ("sig", new byte[63])],
            Without(good, "sig"),
            Without(good, "k"),
            Without(good, "seq"),
            Without(good, "v"),
            [.. Without(good, "seq"), ("seq", -1)],
            [.. Without(good, "seq"), ("seq", long.MinValue)],
            [.. Without(good, "seq"), ("seq", ulong.MaxValue)],
            [.. Without(good, "v"), ("v", new Krpc.Raw("d1:b1:x1:a1:ye"u8.ToArray()))],
            [.. Without(good, "v"), ("v", new Krpc.Raw("i-0e"u8.ToArray()))],
            [.. Without(good, "v"), ("v", new Krpc.Raw("i03e"u8.ToArray()))],
            [.. good.Arguments(), ("cas", "1")],
            [.. good.Arguments(), ("salt", 5)],
        ];
        byte[] token = _talk.TokenFor(s_putter, good.Target);
        foreach ((string, object)[] arguments in bad)
        {
            _talk.Ask("put", s_putter, [.. arguments, ("token", token)]).ErrorCode.ShouldBe(203);
        }

        _taken.ShouldBeNull();
    }

    [Fact]
    public void An_unsigned_value_goes_to_its_own_hash_whatever_target_the_put_names()
    {
        Item signed = SignedItems.Sign(s_value, 1);
        Item plain = new() { Value = s_value };
        byte[] token = _talk.TokenFor(s_putter, signed.Target);
        _talk.Ask("put", s_putter, ("target", signed.Target), ("v", new Krpc.Raw(s_value)), ("token", token)).ErrorCode.ShouldBe(203);
        token = _talk.TokenFor(s_putter, plain.Target);
        _talk.Deliver(Krpc.Query("put", signed.Target, ("target", signed.Target), ("v", new Krpc.Raw(s_value)), ("token", token)), s_putter);
        _taken!.Target.ShouldBe(plain.Target);
        _taken.Put!.IsMutable.ShouldBeFalse();
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(long.MaxValue)]
    public void The_ends_of_seq_and_cas_are_taken_as_they_are(long number)
    {
        Item item = SignedItems.Sign(s_value, number);
        byte[] token = _talk.TokenFor(s_putter, item.Target);
        _talk.Deliver(Krpc.Query("put", item.Target, [.. item.Arguments(), ("cas", number), ("token", token)]), s_putter);
        _taken!.Put!.Sequence.ShouldBe(number);
        _taken.Cas.ShouldBe(number);
        _talk.Deliver(Krpc.Query("get", item.Target, ("target", item.Target), ("seq", number)), s_putter);
        _taken.Sequence.ShouldBe(number);
    }

    [Fact]
    public void When_nobody_serves_items_or_too_many_wait_a_put_is_202()
    {
        _talk.Node.InboundItems.Arrived = null;
        Put(new Item { Value = s_value }).ShouldBe(202);
        _talk.Node.InboundItems.Arrived = () => { };
        for (int i = 0; i < 1_024; i++)
        {
            _talk.Ask(Krpc.Query("get", _talk.NewKey(), ("target", _talk.NewKey())), s_putter).ShouldBeNull();
        }

        Put(new Item { Value = s_value }).ShouldBe(202);
    }

    [Fact]
    public void An_asker_takes_the_highest_seq_and_no_forgery()
    {
        Conversation talk = new();
        Neighbours network = new(talk, 40);
        Item newest = SignedItems.Sign(Krpc.Encode("new"), 9);
        Item older = SignedItems.Sign(Krpc.Encode("old"), 8);
        Item forged = newest with { Value = Krpc.Encode("bad"), Sequence = long.MaxValue };
        Item[] answers = [older, forged, newest, older, forged, new Item { Value = s_value }];
        int next = 0;
        network.Adds = query => query.Method == "get" ? answers[next++ % answers.Length].Arguments().Where(argument => argument.Key != "salt" && (argument.Key == "v" || !newest.PublicKey.IsEmpty)) : [];
        talk.Node.AddSaved(network.All);
        talk.Node.Join(talk.Now);
        talk.Pass(TimeSpan.FromSeconds(20));
        Kadstone.Mainline.Core.Queries.GetItemQuery query = new(newest.Target, default);
        talk.Node.Start(query, talk.Now);
        talk.Drain();
        talk.Pass(TimeSpan.FromSeconds(20));
        query.IsFinished.ShouldBeTrue();
        query.Newest!.Value.ToArray().ShouldBe(newest.Value.ToArray());
        query.Forged.ShouldBeGreaterThan(0);
    }

    private int Put(Item item)
    {
        byte[] token = _talk.TokenFor(s_putter, item.Target);
        _taken = null;
        (string, object)[] arguments = item.IsMutable ? item.Arguments() : [("v", new Krpc.Raw(item.Value.ToArray()))];
        Packet? answer = _talk.Ask(Krpc.Query("put", item.Target, [.. arguments, ("token", token)]), s_putter);
        return answer is null && _taken is not null ? 0 : answer.ShouldNotBeNull().ErrorCode;
    }

    private static (string, object)[] Without(Item item, string key) => [.. item.Arguments().Where(argument => argument.Key != key)];
}
