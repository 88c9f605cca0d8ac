using System.Text;
using System.Text.Json;
using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Wire;

public sealed class IpnsEntryTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    private static readonly IpnsValidator s_validator = new();

    public static TheoryData<string> Names => [.. LibP2pVectors.List("ipns").Select(vector => vector.Text("name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_record_is_valid_when_the_other_makes_say_so(string name)
    {
        JsonElement vector = LibP2pVectors.Named("ipns", name);

        s_validator.IsValid(vector.Hex("routingKey"), vector.Hex("bytes"), s_now).ShouldBe(vector.GetProperty("valid").GetBoolean());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_valid_record_says_what_was_published(string name)
    {
        JsonElement vector = LibP2pVectors.Named("ipns", name);
        if (IpnsValidator.Open(vector.Hex("routingKey"), vector.Hex("bytes")) is not IpnsEntry entry)
        {
            vector.GetProperty("valid").GetBoolean().ShouldBeFalse();
            return;
        }

        Encoding.UTF8.GetString(entry.Data.Value.Span).ShouldBe(vector.Text("value"));
        entry.Validity.ToString().ShouldBe(vector.Text("validity"));
        entry.Data.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(vector.Text("sequence"));
        entry.Data.TimeToLive.ToString(System.Globalization.CultureInfo.InvariantCulture).ShouldBe(vector.Text("ttl"));
        Convert.ToHexStringLower(entry.Data.Encode()).ShouldBe(vector.Text("data"));
    }

    [Fact]
    public void The_best_of_several_is_the_one_that_go_chooses()
    {
        foreach (JsonElement choice in LibP2pVectors.List("ipnsSelect"))
        {
            JsonElement[] records = [.. choice.GetProperty("records").EnumerateArray().Select(record => LibP2pVectors.Named("ipns", record.GetString()!))];

            int best = s_validator.SelectBest(records[0].Hex("routingKey"), [.. records.Select(record => (ReadOnlyMemory<byte>)record.Hex("bytes"))]);

            best.ShouldBe(choice.GetProperty("best").GetInt32());
        }
    }

    [Fact]
    public void What_we_publish_is_valid_to_its_last_nanosecond_and_no_longer()
    {
        Rfc3339Time validity = Rfc3339Time.From(s_now);
        byte[] record = IpnsEntry.Create(Peers.Key(1), "/ipfs/bafkqaaa", 7, validity, TimeSpan.FromMinutes(5));
        byte[] key = RecordKey.OfName(Peers.Id(1));

        s_validator.IsValid(key, record, s_now).ShouldBeTrue();
        s_validator.IsValid(key, record, s_now.AddTicks(1)).ShouldBeFalse();
    }

    [Fact]
    public void A_record_under_another_name_is_not_valid()
    {
        byte[] record = IpnsEntry.Create(Peers.Key(1), "/ipfs/bafkqaaa", 7, Rfc3339Time.From(s_now.AddDays(1)), TimeSpan.Zero);

        s_validator.IsValid(RecordKey.OfName(Peers.Id(2)), record, s_now).ShouldBeFalse();
    }

    [Fact]
    public void The_choice_does_not_hang_on_the_order()
    {
        byte[] key = RecordKey.OfName(Peers.Id(1));
        Rfc3339Time validity = Rfc3339Time.From(s_now.AddDays(1));
        ReadOnlyMemory<byte>[] records = [.. new[] { "/ipfs/a", "/ipfs/b", "/ipfs/c" }.Select(path => (ReadOnlyMemory<byte>)IpnsEntry.Create(Peers.Key(1), path, 7, validity, TimeSpan.Zero))];

        ReadOnlyMemory<byte> forwards = records[s_validator.SelectBest(key, records)];
        Array.Reverse(records);
        ReadOnlyMemory<byte> backwards = records[s_validator.SelectBest(key, records)];

        forwards.Span.SequenceEqual(backwards.Span).ShouldBeTrue();
    }

    [Fact]
    public void A_record_too_long_is_refused_both_ways()
    {
        Should.Throw<ArgumentException>(() => IpnsEntry.Create(Peers.Key(1), new string('x', IpnsEntry.MaxLength), 0, Rfc3339Time.From(s_now), TimeSpan.Zero));
        s_validator.IsValid(RecordKey.OfName(Peers.Id(1)), new byte[IpnsEntry.MaxLength + 1], s_now).ShouldBeFalse();
    }

    [Fact]
    public void A_public_key_stands_under_its_own_peer_id_only()
    {
        JsonElement vector = LibP2pVectors.At("pk");
        PublicKeyValidator validator = new();

        validator.IsValid(vector.Hex("key"), vector.Hex("value"), s_now).ShouldBeTrue();
        validator.IsValid(RecordKey.OfPublicKey(Peers.Id(1)), vector.Hex("value"), s_now).ShouldBeFalse();
        validator.IsValid(vector.Hex("key"), vector.Hex("value").AsSpan(1), s_now).ShouldBeFalse();
    }

    [Fact]
    public void A_key_of_an_unknown_namespace_has_no_valid_value()
    {
        RecordRules rules = new([]);

        rules.Knows("/test/a"u8).ShouldBeFalse();
        rules.IsValid("/test/a"u8, "value"u8, s_now).ShouldBeFalse();
        rules.IsValid("no namespace"u8, "value"u8, s_now).ShouldBeFalse();
    }
}
