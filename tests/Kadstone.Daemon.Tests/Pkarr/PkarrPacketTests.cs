using System.Globalization;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Pkarr.Dns;
using Kadstone.Mainline;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>The payload and its DNS message, by vectors.</summary>
public sealed class PkarrPacketTests
{
    private static readonly string[] s_refused = ["not-dns", "ts-2^63"];

    public static TheoryData<string> Packets => [.. PkarrVectors.List("packets").Select(packet => packet.Text("name")).Except(s_refused)];

    public static TheoryData<string> BadPayloads => [.. PkarrVectors.List("bad_payloads").Select(bad => bad.Text("name"))];

    [Theory]
    [MemberData(nameof(Packets))]
    public void A_packet_is_read_signed_and_written_byte_for_byte(string name)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        PkarrPacket packet = Read(vector);
        packet.Timestamp.ToString(CultureInfo.InvariantCulture).ShouldBe(vector.Text("timestamp"));
        packet.Message.Length.ShouldBe(vector.GetProperty("v_len").GetInt32());
        packet.ToPayload().ShouldBe(vector.Hex("payload"));
        PkarrPacket.Sign(PkarrVectors.Named("keys", vector.Text("key")).Hex("seed"), packet.Message.Span, packet.Timestamp).ToPayload().ShouldBe(vector.Hex("payload"));
        packet.TimeToLive(TimeSpan.FromSeconds(300), TimeSpan.FromSeconds(86400)).TotalSeconds.ShouldBe(vector.GetProperty("max_age").GetInt32());
        packet.SignedAt?.ToString("R").ShouldBe(vector.Has("last_modified") ? vector.Text("last_modified") : null);
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void Its_records_are_those_that_were_written(string name)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        IReadOnlyList<DnsRecord> records = Read(vector).ReadRecords();
        JsonElement[] expected = [.. vector.GetProperty("records").EnumerateArray()];
        records.Select(record => (record.Name, record.TypeText, record.Ttl, record.Class))
            .ShouldBe(expected.Select(record => (record.Text("name"), record.Text("type"), record.GetProperty("ttl").GetUInt32(), DnsRecord.Internet)));
        for (int at = 0; at < expected.Length; at++)
        {
            ShouldHold(records[at], expected[at].GetProperty("data"));
        }

        // Encoded anew they are the same records, if not the same bytes.
        byte[] again = DnsMessage.Write(records);
        again.Length.ShouldBeLessThanOrEqualTo(vector.GetProperty("v_len").GetInt32());
        DnsMessage.TryRead(again, out IReadOnlyList<DnsRecord>? reread).ShouldBeTrue();
        reread.Select(DnsContent.ToText).ShouldBe(records.Select(DnsContent.ToText));
        reread.Select(record => record.Name).ShouldBe(records.Select(record => record.Name));
    }

    [Theory]
    [MemberData(nameof(Packets))]
    public void A_name_as_its_owner_gives_it_is_the_absolute_one(string name)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        foreach (JsonElement record in vector.GetProperty("records").EnumerateArray())
        {
            // did:dht writes names that are not under the key.
            if (record.Text("name").EndsWith(PkarrVectors.Key(vector.Text("key")), StringComparison.Ordinal))
            {
                DnsName.Absolute(record.Text("given"), PkarrVectors.Key(vector.Text("key"))).ShouldBe(record.Text("name"));
            }
        }
    }

    [Fact]
    public void What_a_real_client_sent_is_read()
    {
        JsonElement captured = PkarrVectors.List("captured").ShouldHaveSingleItem();
        PkarrKey.TryParse(captured.Text("z32"), out PkarrKey? key).ShouldBeTrue();
        PkarrPacket.TryReadPayload(key, captured.Hex("payload"), out PkarrPacket? packet, out _).ShouldBeTrue();
        DnsRecord record = packet.ReadRecords().ShouldHaveSingleItem();
        record.Name.ShouldBe($"_pubky.{key}");
        DnsContent.ToText(record).ShouldBe("0 bpeuispw1jybm1ojymsoxrnr4qsf5xsngbzopfrcndpe7pzduhso");
    }

    [Theory]
    [InlineData("not-dns", "Message")]
    [InlineData("ts-2^63", "Timestamp")]
    public void A_good_signature_is_not_enough(string name, string fault)
    {
        JsonElement vector = PkarrVectors.Named("packets", name);
        PkarrPacket.TryReadPayload(Key(vector.Text("key")), vector.Hex("payload"), out _, out PkarrFault why).ShouldBeFalse();
        why.ToString().ShouldBe(fault);
    }

    [Theory]
    [MemberData(nameof(BadPayloads))]
    public void A_bad_payload_is_refused(string name)
    {
        JsonElement bad = PkarrVectors.Named("bad_payloads", name);
        PkarrPacket.TryReadPayload(Key(bad.Text("key")), bad.Hex("payload"), out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void Flags_are_nobodys_concern()
    {
        foreach (JsonElement odd in PkarrVectors.List("accepted_oddities"))
        {
            PkarrPacket.TryReadPayload(Key(odd.Text("key")), odd.Hex("payload"), out _, out _).ShouldBeTrue(odd.Text("name"));
        }
    }

    [Fact]
    public void The_later_timestamp_wins_and_then_the_greater_bytes()
    {
        foreach (JsonElement pair in PkarrVectors.List("order"))
        {
            PkarrPacket newer = Read(PkarrVectors.Named("packets", pair.Text("newer")));
            PkarrPacket older = Read(PkarrVectors.Named("packets", pair.Text("older")));
            newer.CompareTo(older).ShouldBePositive(pair.ToString());
            older.CompareTo(newer).ShouldBeNegative(pair.ToString());
            newer.CompareTo(newer).ShouldBe(0);
        }
    }

    [Fact]
    public void It_is_kept_as_long_as_its_shortest_record_within_bounds()
    {
        foreach (JsonElement row in PkarrVectors.List("max_age"))
        {
            DnsRecord[] records = [.. row.GetProperty("record_ttls").EnumerateArray().Select(ttl => new DnsRecord("x", DnsType.A, DnsRecord.Internet, ttl.GetUInt32(), new byte[4]))];
            PkarrPacket packet = PkarrPacket.Sign(new byte[32], DnsMessage.Write(records), 1);
            packet.TimeToLive(TimeSpan.FromSeconds(row.GetProperty("min").GetInt32()), TimeSpan.FromSeconds(row.GetProperty("max").GetInt32()))
                .TotalSeconds.ShouldBe(row.GetProperty("max_age").GetInt32());
        }
    }

    [Fact]
    public void A_packet_of_996_bytes_is_an_item_and_one_of_997_is_none()
    {
        Read(PkarrVectors.Named("packets", "size-996")).ToItem().Value.Bencoded.Length.ShouldBe(ItemValue.MaxLength);
        Should.Throw<ArgumentException>(() => Read(PkarrVectors.Named("packets", "size-997")).ToItem());
    }

    [Fact]
    public void Keys_have_one_text_and_one_target()
    {
        foreach (JsonElement vector in PkarrVectors.List("keys"))
        {
            PkarrKey.TryCreate(vector.Hex("public_key"), out PkarrKey? key).ShouldBeTrue();
            key.Text.ShouldBe(vector.Text("z32"));
            PkarrKey.TryParse(key.Text, out PkarrKey? parsed).ShouldBeTrue();
            parsed.ShouldBe(key);
            PkarrPacket.Sign(vector.Hex("seed"), DnsMessage.Write([]), 1).ToItem().Target.ToString().ShouldBe(vector.Text("bep44_target"));
        }
    }

    [Fact]
    public void A_path_takes_the_canonical_text_only_and_people_may_paste_others()
    {
        foreach (JsonElement good in PkarrVectors.List("z32/accept_as_path"))
        {
            PkarrKey.TryParse(good.GetString()!, out _).ShouldBeTrue();
        }

        foreach (JsonElement lenient in PkarrVectors.List("z32/lenient_in_pkarr_rust"))
        {
            PkarrKey.TryParse(lenient.Text("text"), out _).ShouldBeFalse(lenient.Text("text"));
            PkarrKey.TryParseUri(lenient.Text("text"), out PkarrKey? key).ShouldBeTrue(lenient.Text("text"));
            key.Text.ShouldBe(PkarrVectors.Key("A"));
        }

        foreach (JsonElement bad in PkarrVectors.List("z32/reject"))
        {
            PkarrKey.TryParse(bad.Text("text"), out _).ShouldBeFalse(bad.ToString());
            PkarrKey.TryParseUri(bad.Text("text"), out _).ShouldBeFalse(bad.ToString());
        }
    }

    [Fact]
    public void A_star_is_exactly_one_label()
    {
        PkarrPacket packet = Read(PkarrVectors.Named("packets", "wildcard-query"));
        string[] Find(string name) => [.. packet.ReadRecords().Where(record => DnsName.Fits(record.Name, DnsName.Absolute(name, packet.Key.Text))).Select(DnsContent.ToText)];
        Find("*.foo").ShouldBe(["\"1\""]);
        Find("FOO").ShouldBe(["\"3\""]);
        Find("*").ShouldBe(["\"3\""]);
        Find("nothing").ShouldBeEmpty();
    }

    internal static PkarrPacket Read(JsonElement vector)
    {
        PkarrPacket.TryReadPayload(Key(vector.Text("key")), vector.Hex("payload"), out PkarrPacket? packet, out PkarrFault why).ShouldBeTrue(why.ToString());
        return packet;
    }

    internal static PkarrKey Key(string letter)
    {
        PkarrKey.TryParse(PkarrVectors.Key(letter), out PkarrKey? key).ShouldBeTrue();
        return key;
    }

    private static void ShouldHold(DnsRecord record, JsonElement data)
    {
        switch (record.Type)
        {
            case DnsType.TXT:
                DnsContent.Strings(record.Content).Select(text => Encoding.UTF8.GetString(text.Span)).ShouldBe(data.EnumerateArray().Select(text => text.GetString()!));
                break;
            case DnsType.SVCB or DnsType.HTTPS:
                IEnumerable<string> parameters = data.GetProperty("params").EnumerateObject()
                    .Select(one => $" {one.Name}={(one.Value.ValueKind == JsonValueKind.Array ? string.Join(',', one.Value.EnumerateArray()) : one.Value)}");
                DnsContent.ToText(record).ShouldBe($"{data.GetProperty("priority")} {data.Text("target")}{string.Concat(parameters)}");
                break;
            default:
                DnsContent.ToText(record).ShouldBe(data.GetString());
                break;
        }
    }
}
