using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Items, ids, compact forms and links, against the vectors.</summary>
public sealed class ItemVectorTests
{
    public static TheoryData<string> Items => WireVectors.Names("bep44");

    public static TheoryData<int> Ids => WireVectors.Places("bep42");

    public static TheoryData<int> CompactForms => WireVectors.Places("compact");

    public static TheoryData<int> Links => WireVectors.Places("bep46");

    [Theory]
    [MemberData(nameof(Items))]
    public void The_signed_bytes_and_the_target_of_an_item_are_those_of_BEP_44(string name)
    {
        JsonElement item = WireVectors.Item("bep44", name);
        byte[] value = item.Hex("value_bencoded");
        Key160 target = Key160.Read(item.Hex("target"));
        Bencode.IsCanonical(value).ShouldBeTrue();
        if (!item.TryGetProperty("seq", out JsonElement sequenceField))
        {
            ItemTarget.Immutable(value).ShouldBe(target);
            return;
        }

        byte[] salt = item.Hex("salt");
        long sequence = sequenceField.ValueKind == JsonValueKind.Number
            ? sequenceField.GetInt64()
            : long.Parse(sequenceField.GetString()!, CultureInfo.InvariantCulture);
        byte[] expected = item.Hex("signed_buffer");
        byte[] buffer = new byte[ItemSignature.MaxSignedLength];

        int written = ItemSignature.Write(buffer, salt, sequence, value);

        buffer[..written].ShouldBe(expected);
        ItemTarget.Mutable(item.Hex("public_key"), salt).ShouldBe(target);
        ItemSignature.Write(new byte[expected.Length], salt, sequence, value).ShouldBe(expected.Length);
        ItemSignature.Write(new byte[expected.Length - 1], salt, sequence, value).ShouldBe(0);
    }

    [Fact]
    public void The_largest_item_fills_the_signed_buffer_to_its_last_byte() =>
        ItemSignature.Write(new byte[ItemSignature.MaxSignedLength], new byte[64], long.MaxValue, new byte[1000]).ShouldBe(ItemSignature.MaxSignedLength);

    [Fact]
    public void The_target_of_a_salt_beyond_the_limit_is_computed_all_the_same() =>
        ItemTarget.Mutable(new byte[32], new byte[2000]).ShouldBe(ItemTarget.Immutable(new byte[2032]));

    // BEP 42.
    [Theory]
    [MemberData(nameof(Ids))]
    public void A_node_id_is_valid_for_its_address_only(int place)
    {
        JsonElement item = WireVectors.Section("bep42").ElementAt(place);
        UdpEndpoint endpoint = UdpEndpoint.From(IPAddress.Parse(item.Text("ip")), 6881);
        Key160 id = Key160.Read(item.Hex("id"));

        SecureNodeId.IsValid(id, endpoint).ShouldBe(item.GetProperty("valid").GetBoolean());
        if (item.TryGetProperty("crc32c", out JsonElement crc))
        {
            byte[] prefix = new byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(prefix, SecureNodeId.Prefix(endpoint, (byte)item.GetProperty("rand").GetInt32()));
            Convert.ToHexStringLower(prefix).ShouldBe(crc.GetString());
        }
    }

    [Theory]
    [InlineData("124.31.75.21")]
    [InlineData("8.8.8.8")]
    [InlineData("2001:db8:1234:5678:9abc:def0:1234:5678")]
    public void A_made_node_id_is_valid_and_has_free_bits(string address)
    {
        UdpEndpoint endpoint = UdpEndpoint.From(IPAddress.Parse(address), 1);
        UdpEndpoint other = UdpEndpoint.From(IPAddress.Parse("9.9.9.9"), 1);
        Random chance = new(42);
        HashSet<Key160> ids = [];
        for (int i = 0; i < 1000; i++)
        {
            Key160 id = SecureNodeId.Create(endpoint, chance);
            SecureNodeId.IsValid(id, endpoint).ShouldBeTrue();
            SecureNodeId.IsValid(id, other).ShouldBeFalse();
            ids.Add(id);
        }

        ids.Count.ShouldBe(1000);
    }

    [Theory]
    [InlineData("fc00::1")]
    [InlineData("fdff::1")]
    [InlineData("fe80::1")]
    [InlineData("172.31.255.255")]
    public void Local_addresses_may_have_any_id(string address) =>
        SecureNodeId.IsValid(default, UdpEndpoint.From(IPAddress.Parse(address), 1)).ShouldBeTrue();

    [Theory]
    [InlineData("172.32.0.1")]
    [InlineData("192.169.0.1")]
    [InlineData("11.0.0.1")]
    [InlineData("2400::1")]
    public void Neighbours_of_the_local_ranges_are_not_exempt(string address) =>
        SecureNodeId.IsValid(default, UdpEndpoint.From(IPAddress.Parse(address), 1)).ShouldBeFalse();

    [Fact]
    public void The_checksum_is_the_one_of_the_check_value()
    {
        JsonElement check = WireVectors.Object("crc32c_check");
        Crc32C.Hash(Encoding.ASCII.GetBytes(check.Text("input_ascii"))).ShouldBe(Convert.ToUInt32(check.Text("crc32c"), 16));
    }

    [Fact]
    public void The_checksum_agrees_with_bit_by_bit_division_at_every_length()
    {
        byte[] bytes = new byte[40];
        new Random(7).NextBytes(bytes);
        for (int length = 0; length <= bytes.Length; length++)
        {
            uint crc = uint.MaxValue;
            foreach (byte value in bytes.AsSpan(0, length))
            {
                crc ^= value;
                for (int bit = 0; bit < 8; bit++)
                {
                    crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
                }
            }

            Crc32C.Hash(bytes.AsSpan(0, length)).ShouldBe(~crc);
        }
    }

    [Theory]
    [MemberData(nameof(CompactForms))]
    public void A_compact_form_is_read_and_written_back(int place)
    {
        JsonElement item = WireVectors.Section("compact").ElementAt(place);
        byte[] compact = item.Hex("hex");
        string kind = item.Text("kind");
        if (kind.Contains("v4-mapped"))
        {
            NodeContact.TryRead([.. new byte[20], .. compact], out _).ShouldBeFalse();
            return;
        }

        UdpEndpoint endpoint = UdpEndpoint.From(IPAddress.Parse(item.Text("ip")), item.GetProperty("port").GetUInt16());
        byte[] written = new byte[compact.Length];
        if (kind.StartsWith("node", StringComparison.Ordinal))
        {
            NodeContact.TryRead(compact, out NodeContact contact).ShouldBeTrue();
            contact.Id.ToByteArray().ShouldBe(item.Hex("id"));
            contact.Endpoint.ShouldBe(endpoint);
            contact.CompactLength.ShouldBe(compact.Length);
            contact.Write(written).ShouldBe(compact.Length);
        }
        else
        {
            UdpEndpoint.TryReadCompact(compact, out UdpEndpoint read).ShouldBeTrue();
            read.ShouldBe(endpoint);
            read.WriteCompact(written).ShouldBe(compact.Length);
        }

        written.ShouldBe(compact);
    }

    [Fact]
    public void Two_contacts_at_one_endpoint_are_the_same_node()
    {
        UdpEndpoint endpoint = UdpEndpoint.FromIPv4(0x01020304, 6881);
        NodeContact contact = new(new Key160(1, 2, 3), endpoint);

        contact.ShouldBe(new NodeContact(new Key160(4, 5, 6), endpoint));
        contact.GetHashCode().ShouldBe(new NodeContact(default, endpoint).GetHashCode());
        contact.ShouldNotBe(contact with { Endpoint = endpoint.WithPort(6882) });
    }

    [Fact]
    public void The_distance_of_two_keys_is_their_exclusive_or()
    {
        JsonElement item = WireVectors.Section("xor_distance").Single();
        Key160 distance = Key160.Read(item.Hex("a")) ^ Key160.Read(item.Hex("b"));

        distance.ToByteArray().ShouldBe(item.Hex("xor"));
        distance.LeadingZeroCount.ShouldBe(item.GetProperty("bucket_common_prefix_bits").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Links))]
    public void A_link_to_a_mutable_item_leads_to_its_target(int place)
    {
        JsonElement item = WireVectors.Section("bep46").ElementAt(place);

        MagnetLink link = MagnetLink.Parse(item.Text("magnet"));

        link.ItemKey.ShouldBe(Key160.Read(item.Hex("target")));
    }

    [Fact]
    public void A_pointer_to_a_torrent_is_written_and_read()
    {
        byte[] expected = WireVectors.Item("bep44", "BEP 46 value {ih}").Hex("value_bencoded");
        InfoHashPointer.TryRead(expected, out Key160 infoHash).ShouldBeTrue();

        byte[] written = new byte[InfoHashPointer.Length];
        InfoHashPointer.Write(written, infoHash).ShouldBe(InfoHashPointer.Length);

        written.ShouldBe(expected);
        InfoHashPointer.Write(new byte[InfoHashPointer.Length - 1], infoHash).ShouldBe(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("de")]
    [InlineData("le")]
    [InlineData("d2:ih3:abce")]
    [InlineData("d2:ihi5ee")]
    [InlineData("d2:ih20:aaaaaaaaaaaaaaaaaaaa")]
    [InlineData("d2:ih20:aaaaaaaaaaaaaaaaaaaaex")]
    public void What_points_nowhere_is_refused(string value) => InfoHashPointer.TryRead(Encoding.ASCII.GetBytes(value), out _).ShouldBeFalse();

    [Fact]
    public void A_pointer_may_hold_other_keys() =>
        InfoHashPointer.TryRead("d1:ai1e2:ih20:aaaaaaaaaaaaaaaaaaaa1:zlee"u8, out _).ShouldBeTrue();
}
