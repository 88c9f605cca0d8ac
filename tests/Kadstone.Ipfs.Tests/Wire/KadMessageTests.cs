using System.Text.Json;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Wire;

public sealed class KadMessageTests
{
    public static TheoryData<string> Names => [.. LibP2pVectors.List("kad").Select(vector => vector.Text("name"))];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_of_either_make_reads_the_same(string name)
    {
        JsonElement vector = LibP2pVectors.Named("kad", name);
        JsonElement fields = vector.GetProperty("decoded");
        foreach (byte[] bytes in (byte[][])[vector.Hex("bytes"), vector.Hex("goBytes")])
        {
            KadMessage message = KadMessage.TryRead(bytes).ShouldNotBeNull();

            Convert.ToHexStringLower(message.Key.Span).ShouldBe(fields.Has("key") ? fields.Text("key") : "");
            message.Type.ToString().ToUpperInvariant().ShouldBe(fields.Text("type").Replace("_", "", StringComparison.Ordinal));
            message.Closer.Select(Describe).ShouldBe(fields.GetProperty("closer").EnumerateArray().Select(Describe));
            message.Providers.Select(Describe).ShouldBe(fields.GetProperty("providers").EnumerateArray().Select(Describe));
            (message.Record is null ? null : Convert.ToHexStringLower(message.Record.Encode())).ShouldBe(fields.Has("record") ? fields.Text("record") : null);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_is_what_go_writes(string name)
    {
        JsonElement vector = LibP2pVectors.Named("kad", name);

        byte[] written = KadMessage.TryRead(vector.Hex("bytes")).ShouldNotBeNull().Encode();

        Convert.ToHexStringLower(written).ShouldBe(vector.Text("goBytes"));
    }

    [Fact]
    public void A_record_reads_and_writes_with_its_nanoseconds()
    {
        JsonElement vector = LibP2pVectors.At("record");

        KadRecord record = KadRecord.TryRead(vector.Hex("bytes")).ShouldNotBeNull();

        Convert.ToHexStringLower(record.Key.Span).ShouldBe(vector.Text("key"));
        Convert.ToHexStringLower(record.Value.Span).ShouldBe(vector.Text("value"));
        record.TimeReceived.ToString().ShouldBe(vector.Text("timeReceived"));
        Convert.ToHexStringLower(record.Encode()).ShouldBe(vector.Text("bytes"));
    }

    [Theory]
    [InlineData("0863", "a type that is not known")]
    [InlineData("05ffffffff", "garbage")]
    [InlineData("0804 12", "a field that ends early")]
    [InlineData("1a02 0aff", "a record that is none")]
    public void What_is_no_message_is_refused(string hex, string why) => KadMessage.TryRead(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))).ShouldBeNull(why);

    [Fact]
    public void A_key_of_more_than_a_kilobyte_is_refused()
    {
        new KadMessage { Type = KadMessageType.GetValue, Key = new byte[KadRecord.MaxKeyLength] }.Encode().ShouldSatisfyAllConditions(bytes => KadMessage.TryRead(bytes).ShouldNotBeNull());
        KadMessage.TryRead(new KadMessage { Type = KadMessageType.GetValue, Key = new byte[KadRecord.MaxKeyLength + 1] }.Encode()).ShouldBeNull();
    }

    [Fact]
    public void No_more_peers_are_read_than_an_answer_may_name()
    {
        KadPeer peer = new(Peers.Id(1), []);
        byte[] bytes = new KadMessage { Type = KadMessageType.FindNode, Closer = [.. Enumerable.Repeat(peer, 100)], Providers = [] }.Encode();

        KadMessage.TryRead(bytes).ShouldNotBeNull().Closer.Count.ShouldBe(KadMessage.MaxCloser);
    }

    [Fact]
    public void A_peer_that_cannot_be_read_is_left_out_and_the_rest_stays()
    {
        byte[] good = new KadMessage { Type = KadMessageType.FindNode, Closer = [new KadPeer(Peers.Id(1), [])] }.Encode();

        // A closer peer whose id is one byte of nonsense.
        KadMessage message = KadMessage.TryRead([.. good, 0x42, 0x03, 0x0a, 0x01, 0x07]).ShouldNotBeNull();

        message.Closer.ShouldHaveSingleItem().Id.ShouldBe(Peers.Id(1));
    }

    [Fact]
    public void An_address_that_names_another_peer_is_left_out()
    {
        Multiaddr other = Peers.Address(1).WithPeer(Peers.Id(2));
        Multiaddr own = Peers.Address(2).WithPeer(Peers.Id(1));
        byte[] bytes = new KadMessage { Type = KadMessageType.FindNode, Closer = [new KadPeer(Peers.Id(1), [other, own])] }.Encode();

        KadMessage.TryRead(bytes).ShouldNotBeNull().Closer.ShouldHaveSingleItem().Addresses.ShouldBe([Peers.Address(2)]);
    }

    [Fact]
    public void An_answer_stays_below_sixteen_kibibytes_and_loses_addresses_before_peers()
    {
        Multiaddr[] many = [.. Enumerable.Range(1, 16).Select(i => Multiaddr.Parse($"/dns4/{new string('a', 60)}.example/tcp/{i}"))];
        KadPeer[] peers = [.. Enumerable.Range(1, 20).Select(i => new KadPeer(Peers.Id(i), many))];

        byte[] bytes = new KadMessage { Type = KadMessageType.GetProviders, Key = new byte[34], Closer = peers, Providers = peers }.Encode();

        bytes.Length.ShouldBeLessThanOrEqualTo(KadMessage.MaxSentLength);
        KadMessage read = KadMessage.TryRead(bytes).ShouldNotBeNull();
        read.Closer.Count.ShouldBe(20);
        read.Providers.Count.ShouldBe(20);
        read.Closer.ShouldAllBe(peer => peer.Addresses.Count > 0);
    }

    [Fact]
    public void Of_a_thousand_providers_as_many_are_told_as_fit_and_closer_peers_stay()
    {
        KadPeer[] providers = [.. Enumerable.Range(100, 1000).Select(i => new KadPeer(Peers.Id(i), [Peers.Address(i)]))];
        KadPeer[] closer = [.. Enumerable.Range(1, 20).Select(i => new KadPeer(Peers.Id(i), [Peers.Address(i)]))];

        byte[] bytes = new KadMessage { Type = KadMessageType.GetProviders, Key = new byte[34], Closer = closer, Providers = providers }.Encode();

        bytes.Length.ShouldBeLessThanOrEqualTo(KadMessage.MaxSentLength);
        KadMessage read = KadMessage.TryRead(bytes).ShouldNotBeNull();
        read.Closer.Count.ShouldBe(20);
        read.Providers.Count.ShouldBeGreaterThan(100);
    }

    [Theory]
    [InlineData("4A050A030001FF", "peers of three bytes")]
    [InlineData("4A080A030001FF120106", "addresses that are none")]
    [InlineData("1A00", "records of nothing")]
    [InlineData("1200", "keys of nothing")]
    [InlineData("0803", "types")]
    public void What_comes_again_and_again_costs_no_more_than_a_message_may(string repeated, string what)
    {
        byte[] unit = Convert.FromHexString(repeated);
        foreach (int times in new[] { 10, 100, 1000, KadMessage.MaxRequestLength / unit.Length })
        {
            AssertCost([.. Repeated(unit, times)], what);
        }
    }

    [Theory]
    [InlineData("A202", "relays")]
    [InlineData("A202A202A202A202A202A202A202A202", "eight relays in a row")]
    [InlineData("047F000001060FA1", "ordinary addresses")]
    [InlineData("047F000001060FA1A5030300017F", "addresses that name another peer")]
    [InlineData("047F000001060FA1A503030001FF", "addresses that name this peer")]
    public void Addresses_cost_no_more_than_a_message_may(string address, string what)
    {
        byte[] field = [0x12, (byte)(address.Length / 2), .. Convert.FromHexString(address)];
        byte[] peer = [0x0A, 3, 0x00, 0x01, 0xFF, .. Repeated(field, 2 * KadPeer.MaxAddresses)];
        byte[] length = [(byte)(0x80 | (peer.Length & 0x7F)), (byte)(peer.Length >> 7)];
        foreach (int times in new[] { 1, 10, 40, 1000 })
        {
            AssertCost([0x08, 3, .. Repeated([0x42, .. length, .. peer], Math.Min(times, KadMessage.MaxCloser)), .. Repeated([0x4A, .. length, .. peer], times)], what);
        }
    }

    [Fact]
    public void An_answer_of_many_real_providers_is_read_whole()
    {
        KadPeer[] providers = [.. Enumerable.Range(1, KadMessage.MaxProviders).Select(i => new KadPeer(Peers.Id(i), [.. Enumerable.Range(0, 5).Select(k => Peers.Address(i + k))]))];
        List<byte> bytes = [0x08, 3];
        byte[] buffer = new byte[KadPeer.MaxLength];
        foreach (KadPeer provider in providers)
        {
            int length = provider.LengthWith(5);
            provider.Write(buffer, 5);
            bytes.AddRange([0x4A, (byte)(0x80 | (length & 0x7F)), (byte)(length >> 7), .. buffer[..length]]);
        }

        KadMessage read = KadMessage.TryRead(bytes.ToArray()).ShouldNotBeNull();
        read.Providers.Count.ShouldBe(KadMessage.MaxProviders);
        read.Providers.ShouldAllBe(provider => provider.Addresses.Count == 5);
    }

    // Twice what came would be less than the objects of honest peers with their addresses take.
    private static void AssertCost(byte[] message, string what) =>
        Allocations.Least(() => KadMessage.TryRead(message)).ShouldBeLessThanOrEqualTo((16 * message.Length) + (64 * 1024), $"{what}, {message.Length} bytes");

    private static IEnumerable<byte> Repeated(byte[] bytes, int times) => Enumerable.Repeat(bytes, times).SelectMany(each => each);

    private static string Describe(KadPeer peer) =>
        $"{Convert.ToHexStringLower(peer.Id.Bytes.Span)} {string.Join(',', peer.Addresses.Select(address => Convert.ToHexStringLower(address.Bytes.Span)))} {peer.Connection}";

    private static string Describe(JsonElement peer)
    {
        string connection = peer.Has("connection") ? peer.Text("connection") : "NOT_CONNECTED";
        string spelled = string.Concat(connection.Split('_').Select(word => word[0] + word[1..].ToLowerInvariant()));
        return $"{peer.Text("id")} {string.Join(',', peer.GetProperty("addrs").EnumerateArray().Select(address => address.GetString()))} {spelled}";
    }
}
