using System.Text;
using Kadstone.Crypto;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Storage;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M115: BEP 44 through the facade: "storing or finding data", not only peers.</summary>
public sealed class ItemTests
{
    private static readonly byte[] s_seed = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];
    private static readonly byte[] s_publicKey = Ed25519.CreateKeyPair(s_seed);

    [Theory]
    [InlineData("12:Hello World!")]
    [InlineData("li1el4:spamee")]
    [InlineData("d1:ai-7e1:bd1:c0:ee")]
    [InlineData("i42e")]
    public async Task An_immutable_value_is_found_byte_for_byte(string bencoded)
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        ItemValue value = ItemValue.FromBencoded(Encoding.Latin1.GetBytes(bencoded));
        PutItemResult put = await devnet[1].PutImmutableAsync(value, Devnet.Guard());
        put.Commit.ShouldBe(new CommitOutcome(Stored: 3, Refused: 0, Silent: 0, ErrorCode: 0));
        FoundItem found = (await devnet[2].GetImmutableAsync(put.Target, Devnet.Guard())).ShouldNotBeNull();
        found.Value.ShouldBe(value);
        found.IsMutable.ShouldBeFalse();
        found.Sequence.ShouldBe(0);
    }

    [Fact]
    public async Task A_value_of_1000_bytes_goes_and_one_of_1001_does_not()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        ItemValue largest = ItemValue.FromBytes(new byte[996]);
        largest.Bencoded.Length.ShouldBe(1_000);
        PutItemResult put = await devnet[0].PutImmutableAsync(largest, Devnet.Guard());
        put.Commit.Stored.ShouldBe(2);
        (await devnet[1].GetImmutableAsync(put.Target, Devnet.Guard())).ShouldNotBeNull().Value.ShouldBe(largest);
        Should.Throw<ArgumentException>(() => ItemValue.FromBytes(new byte[997]));
        Should.Throw<ArgumentException>(() => ItemValue.FromBencoded("d1:bi1e1:ai2ee"u8));
    }

    [Fact]
    public async Task What_nobody_has_is_null_and_no_error()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        (await devnet[0].GetImmutableAsync(Devnet.RandomKey(), Devnet.Guard())).ShouldBeNull();
        (await devnet[0].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldBeNull();
    }

    [Fact]
    public async Task A_mutable_value_is_found_under_key_and_salt_and_the_next_put_is_the_next_version()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        byte[] salt = "foobar"u8.ToArray();
        PutItemResult first = await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("one"), salt, cancellationToken: Devnet.Guard());
        PutItemResult second = await devnet[1].PutMutableAsync(s_seed, ItemValue.FromText("two"), salt, cancellationToken: Devnet.Guard());
        first.Sequence.ShouldBe(1);
        second.Sequence.ShouldBe(2);
        second.Commit.Refused.ShouldBe(0);
        FoundItem found = (await devnet[3].GetMutableAsync(s_publicKey, salt, Devnet.Guard())).ShouldNotBeNull();
        (found.Value.ToString(), found.Sequence, found.IsMutable).ShouldBe(("two", 2, true));
        found.PublicKey.ToArray().ShouldBe(s_publicKey);
        (await devnet[3].GetMutableAsync(s_publicKey, "other"u8.ToArray(), Devnet.Guard())).ShouldBeNull();
        (await devnet[3].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldBeNull();
    }

    [Fact]
    public async Task A_put_on_a_version_that_is_not_stored_is_refused_with_301()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("one"), sequence: 5, cancellationToken: Devnet.Guard());
        PutItemResult refused = await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("two"), sequence: 7, cas: 6, cancellationToken: Devnet.Guard());
        refused.Commit.ShouldBe(new CommitOutcome(Stored: 0, Refused: 3, Silent: 0, ErrorCode: 301));
        PutItemResult stored = await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("two"), sequence: 7, cas: 5, cancellationToken: Devnet.Guard());
        stored.Commit.Stored.ShouldBe(3);
    }

    [Fact]
    public async Task A_put_of_an_older_version_is_refused_with_302()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("new"), sequence: 9, cancellationToken: Devnet.Guard());
        PutItemResult refused = await devnet[1].PutMutableAsync(s_seed, ItemValue.FromText("old"), sequence: 8, cancellationToken: Devnet.Guard());
        refused.Commit.Refused.ShouldBeGreaterThanOrEqualTo(2);
        refused.Commit.ErrorCode.ShouldBe(302);
        (await devnet[2].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldNotBeNull().Value.ToString().ShouldBe("new");
    }

    [Fact]
    public async Task After_the_highest_version_nothing_can_follow_and_the_node_goes_on()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("last"), sequence: long.MaxValue, cancellationToken: Devnet.Guard());
        RejectedException failure = await Should.ThrowAsync<RejectedException>(() => devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("next"), cancellationToken: Devnet.Guard()));
        failure.Code.ShouldBe(KrpcErrorCode.SequenceNotNewer);
        (await devnet[0].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldNotBeNull().Sequence.ShouldBe(long.MaxValue);
        devnet[0].Status().ActiveLookups.ShouldBe(0);
    }

    [Fact]
    public async Task The_highest_version_of_all_answers_wins()
    {
        MemoryRecordStore special = new();
        await using Devnet devnet = await Devnet.StartAsync(6, with: (number, options) => number == 3 ? options with { Store = special } : options);
        await devnet[0].PutMutableAsync(s_seed, ItemValue.FromText("common"), sequence: 1, cancellationToken: Devnet.Guard());

        // One node alone has what is newer.
        Item newest = Signed("newest", 2).ToItem();
        StoredRecord record = new(StoredItem.Encode(newest), 2, DateTimeOffset.UtcNow.AddHours(1), DateTimeOffset.UtcNow);
        (await special.PutAsync(Shelf.MainlineMutable, newest.Target.ToByteArray(), record, cancellationToken: Devnet.Guard())).ShouldBe(PutResult.Stored);
        FoundItem found = (await devnet[5].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldNotBeNull();
        (found.Value.ToString(), found.Sequence, found.Copies).ShouldBe(("newest", 2, 1));
    }

    [Fact]
    public async Task Forged_answers_are_ignored_and_counted()
    {
        ItemValue value = ItemValue.FromText("the true one");
        byte[] wrong = Encoding.Latin1.GetBytes("12:a forged one");
        await using Devnet devnet = await Devnet.StartAsync(3);
        await using StubNode liar = new(50, query => query.Method == "get" ? $"5:nodes0:5:token4:tokn1:v{Encoding.Latin1.GetString(wrong)}" : "5:nodes0:");
        await using StubNode signer = new(51, query => query.Method == "get"
            ? $"1:k32:{Encoding.Latin1.GetString(s_publicKey)}5:nodes0:3:seqi99e3:sig64:{new string('s', 64)}5:token4:tokn1:v5:false" : "5:nodes0:");
        PutItemResult put = await devnet[0].PutImmutableAsync(value, Devnet.Guard());
        PutItemResult mutable = await devnet[0].PutMutableAsync(s_seed, value, cancellationToken: Devnet.Guard());
        await devnet[1].ConnectAsync(liar.Endpoint, cancellationToken: Devnet.Guard());
        await devnet[1].ConnectAsync(signer.Endpoint, cancellationToken: Devnet.Guard());
        FoundItem found = (await devnet[1].GetImmutableAsync(put.Target, Devnet.Guard())).ShouldNotBeNull();
        (found.Value, found.Forged).ShouldBe((value, 2));
        found = (await devnet[1].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldNotBeNull();
        (found.Value, found.Forged, found.Sequence).ShouldBe((value, 2, mutable.Sequence));
    }

    [Fact]
    public async Task Somebody_elses_signed_item_can_be_put_and_one_with_a_wrong_signature_cannot()
    {
        await using Devnet devnet = await Devnet.StartAsync(3);
        SignedItem signed = Signed("signed elsewhere", 4);
        (await devnet[0].PutSignedAsync(signed, cancellationToken: Devnet.Guard())).Commit.Stored.ShouldBe(2);
        (await devnet[1].GetMutableAsync(s_publicKey, cancellationToken: Devnet.Guard())).ShouldNotBeNull().Sequence.ShouldBe(4);
        await Should.ThrowAsync<ArgumentException>(async () => await devnet[0].PutSignedAsync(signed with { Sequence = 5 }, cancellationToken: Devnet.Guard()));
        Should.Throw<ArgumentException>(() => devnet[0].Keep(signed with { Value = ItemValue.FromText("altered") }));
    }

    [Fact]
    public async Task A_kept_item_is_put_again_each_hour_until_disposed()
    {
        ShiftedTimeProvider time = new();
        TestStore store = new(time);
        await using Devnet devnet = await Devnet.StartAsync(2, time, (number, options) => number == 1 ? options with { Store = store } : options);
        KeptItem kept = devnet[0].Keep(ItemValue.FromText("kept"));
        for (int round = 0; round < 4; round++)
        {
            RecordPut put = await store.Puts.Reader.ReadAsync(Devnet.Guard());
            put.Shelf.ShouldBe(Shelf.MainlineImmutable);
            put.Key.ToArray().ShouldBe(kept.Target.ToByteArray());
            await devnet[0].QuietAsync(devnet[1].Endpoint());
            time.Advance(TimeSpan.FromMinutes(67));
        }

        await store.Puts.Reader.ReadAsync(Devnet.Guard());
        await devnet[0].QuietAsync(devnet[1].Endpoint());
        (await devnet[0].GetImmutableAsync(kept.Target, Devnet.Guard())).ShouldNotBeNull();
        await kept.DisposeAsync();
        time.Advance(TimeSpan.FromHours(5));
        (await devnet[0].GetImmutableAsync(kept.Target, Devnet.Guard())).ShouldBeNull();
        store.Puts.Reader.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_salt_or_a_seed_of_the_wrong_length_is_misuse()
    {
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(52));
        ItemValue value = ItemValue.FromText("x");
        await Should.ThrowAsync<ArgumentException>(async () => await node.PutMutableAsync(s_seed, value, new byte[65]));
        await Should.ThrowAsync<ArgumentException>(async () => await node.PutMutableAsync(new byte[31], value));
        await Should.ThrowAsync<ArgumentException>(async () => await node.PutMutableAsync(s_seed, value, sequence: -1));
        await Should.ThrowAsync<ArgumentException>(async () => await node.GetMutableAsync(new byte[31]));
    }

    private static SignedItem Signed(string text, long sequence)
    {
        ItemValue value = ItemValue.FromText(text);
        byte[] signed = new byte[ItemSignature.MaxSignedLength];
        int length = ItemSignature.Write(signed, default, sequence, value.Bencoded.Span);
        byte[] signature = new byte[64];
        Ed25519.Sign(signed.AsSpan(0, length), s_seed, signature);
        return new SignedItem(s_publicKey, default, sequence, value, signature);
    }
}
