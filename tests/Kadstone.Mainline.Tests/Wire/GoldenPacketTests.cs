using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>What we send, byte by byte, and that we read it as we meant it.</summary>
public sealed class GoldenPacketTests
{
    private static readonly Key160 Alphabet = Key160.Read("abcdefghij0123456789"u8);
    private static readonly Key160 Letters = Key160.Read("mnopqrstuvwxyz123456"u8);
    private static readonly UdpEndpoint Requester = UdpEndpoint.FromIPv4(0xCB007109, 5001);
    private static readonly UdpEndpoint RequesterIPv6 = UdpEndpoint.FromIPv6(0x20010DB800000000, 9, 5001);
    private static readonly byte[] PublicKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private static readonly byte[] Signature = [.. Enumerable.Range(64, 64).Select(i => (byte)i)];

    private static readonly NodeContact[] Contacts =
    [
        new(Key160.Read("nodenodenodenodenode"u8), UdpEndpoint.FromIPv4(0xC0000207, 6881)),
        new(Letters, UdpEndpoint.FromIPv6(0x20010DB800000000, 1, 6881)),
        new(Alphabet, UdpEndpoint.FromIPv4(0xC6336401, 65535)),
    ];

    private delegate void Writing(ref KrpcWriter writer);

    [Fact]
    public void Ping_query() => Read(GoldenPackets.PingQuery, Query("ping", static (ref _) => { })).Method.ShouldBe(KrpcMethod.Ping);

    // BEP 43.
    [Fact]
    public void Ping_query_of_a_read_only_node()
    {
        KrpcMessage message = Read(GoldenPackets.ReadOnlyPingQuery, Query("ping", static (ref _) => { }, readOnly: true));

        message.IsReadOnly.ShouldBeTrue();
        message.MethodName.ToArray().ShouldBe("ping"u8.ToArray());
        message.Version.ToArray().ShouldBe("KS01"u8.ToArray());
        message.Transaction.ToArray().ShouldBe("aa"u8.ToArray());
    }

    [Fact]
    public void Find_node_query()
    {
        KrpcMessage message = Read(GoldenPackets.FindNodeQuery, Query("find_node", static (ref writer) =>
        {
            writer.Key("6:target"u8, Letters);
            writer.Raw("4:want"u8, "l2:n42:n6e"u8);
        }));

        message.Method.ShouldBe(KrpcMethod.FindNode);
        message.Id.ShouldBe(Alphabet);
        message.Target.ShouldBe(Letters);
        message.HasWant.ShouldBeTrue();
        message.WantsIPv4.ShouldBeTrue();
        message.WantsIPv6.ShouldBeTrue();
    }

    [Fact]
    public void Get_peers_query()
    {
        KrpcMessage message = Read(GoldenPackets.GetPeersQuery, Query("get_peers", static (ref writer) =>
        {
            writer.Key("9:info_hash"u8, Letters);
            writer.Integer("6:noseed"u8, 1);
            writer.Integer("6:scrape"u8, 1);
        }));

        message.Method.ShouldBe(KrpcMethod.GetPeers);
        message.Target.ShouldBe(Letters);
        message.NoSeed.ShouldBeTrue();
        message.Scrape.ShouldBeTrue();
        message.HasWant.ShouldBeFalse();
    }

    [Fact]
    public void Announce_peer_query()
    {
        KrpcMessage message = Read(GoldenPackets.AnnouncePeerQuery, Query("announce_peer", static (ref writer) =>
        {
            writer.Integer("12:implied_port"u8, 1);
            writer.Key("9:info_hash"u8, Letters);
            writer.Integer("4:port"u8, 6881);
            writer.Integer("4:seed"u8, 1);
            writer.Bytes("5:token"u8, "aoeusnth"u8);
        }));

        message.Method.ShouldBe(KrpcMethod.AnnouncePeer);
        message.Target.ShouldBe(Letters);
        message.ImpliedPort.ShouldBeTrue();
        message.Port.ShouldBe(6881);
        message.IsSeed.ShouldBeTrue();
        message.Token.ToArray().ShouldBe("aoeusnth"u8.ToArray());
    }

    [Fact]
    public void Get_query()
    {
        KrpcMessage message = Read(GoldenPackets.GetQuery, Query("get", static (ref writer) =>
        {
            writer.Integer("3:seq"u8, 41);
            writer.Key("6:target"u8, Letters);
        }));

        message.Method.ShouldBe(KrpcMethod.Get);
        message.HasSequence.ShouldBeTrue();
        message.Sequence.ShouldBe(41);
        message.Target.ShouldBe(Letters);
    }

    [Fact]
    public void Put_query_of_an_immutable_item()
    {
        KrpcMessage message = Read(GoldenPackets.ImmutablePutQuery, Query("put", static (ref writer) =>
        {
            writer.Bytes("5:token"u8, "aoeusnth"u8);
            writer.Raw("1:v"u8, "12:Hello World!"u8);
        }));

        message.Method.ShouldBe(KrpcMethod.Put);
        message.Value.ToArray().ShouldBe("12:Hello World!"u8.ToArray());
        message.PublicKey.IsEmpty.ShouldBeTrue();
        message.HasCas.ShouldBeFalse();
    }

    [Fact]
    public void Put_query_of_a_mutable_item()
    {
        byte[] buffer = new byte[512];
        KrpcWriter writer = new(buffer);
        writer.BeginQuery(Alphabet, 41);
        writer.Bytes("1:k"u8, PublicKey);
        writer.Bytes("4:salt"u8, "foobar"u8);
        writer.Integer("3:seq"u8, 42);
        writer.Bytes("3:sig"u8, Signature);
        writer.Bytes("5:token"u8, "aoeusnth"u8);
        writer.Raw("1:v"u8, "12:Hello World!"u8);
        writer.EndQuery("put"u8, false, "aa"u8, "KS01"u8);

        KrpcMessage message = Read(GoldenPackets.MutablePutQuery, buffer[..writer.Length]);

        message.PublicKey.ToArray().ShouldBe(PublicKey);
        message.Signature.ToArray().ShouldBe(Signature);
        message.Salt.ToArray().ShouldBe("foobar"u8.ToArray());
        message.Sequence.ShouldBe(42);
        message.HasCas.ShouldBeTrue();
        message.Cas.ShouldBe(41);
    }

    [Fact]
    public void Sample_infohashes_query()
    {
        KrpcMessage message = Read(
            GoldenPackets.SampleInfohashesQuery,
            Query("sample_infohashes", static (ref writer) => writer.Key("6:target"u8, Letters)));

        message.Method.ShouldBe(KrpcMethod.SampleInfohashes);
        message.Target.ShouldBe(Letters);
    }

    [Fact]
    public void Ping_response()
    {
        KrpcMessage message = Read(GoldenPackets.PingResponse, Response(static (ref _) => { }));

        message.Kind.ShouldBe(KrpcKind.Response);
        message.Id.ShouldBe(Letters);
        UdpEndpoint.TryReadCompact(message.ExternalAddress, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(Requester);
    }

    [Fact]
    public void Response_without_address_and_version()
    {
        byte[] buffer = new byte[64];
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Letters);
        writer.EndResponse("aa"u8, default);

        KrpcMessage message = Read(GoldenPackets.PlainResponse, buffer[..writer.Length]);

        message.ExternalAddress.IsEmpty.ShouldBeTrue();
        message.Version.IsEmpty.ShouldBeTrue();
    }

    // BEP 32: nodes6 beside nodes.
    [Fact]
    public void Find_node_response_with_both_families()
    {
        KrpcMessage message = Read(GoldenPackets.FindNodeResponse, Response(static (ref writer) =>
        {
            writer.Nodes(Contacts, ipv4: true);
            writer.Nodes(Contacts, ipv4: false);
        }));

        NodeContact.TryRead(message.Nodes[26..], out NodeContact second).ShouldBeTrue();
        second.ShouldBe(Contacts[2]);
        second.Id.ShouldBe(Alphabet);
        NodeContact.TryRead(message.Nodes6, out NodeContact contactIPv6).ShouldBeTrue();
        contactIPv6.ShouldBe(Contacts[1]);
    }

    [Fact]
    public void Get_peers_response_with_IPv4_peers()
    {
        KrpcMessage message = Read(GoldenPackets.GetPeersResponse, Response(static (ref writer) =>
        {
            writer.Nodes(default, ipv4: true);
            writer.Bytes("5:token"u8, "aoeusnth"u8);
            writer.Values("axje.uidhtnm"u8, 6);
        }));

        message.Values.Count.ShouldBe(2);
        List<string> peers = [];
        foreach (UdpEndpoint peer in message.Values)
        {
            peers.Add(peer.ToString());
        }

        peers.ShouldBe(["97.120.106.101:11893", "105.100.104.116:28269"]);
    }

    [Fact]
    public void Get_peers_response_with_an_IPv6_peer()
    {
        byte[] packed = Convert.FromHexString("20010db801000000d5c8db3f995ec0f70795");
        byte[] buffer = new byte[512];
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Letters, RequesterIPv6);
        writer.Nodes(Contacts.AsSpan(0, 1), ipv4: false);
        writer.Bytes("5:token"u8, "aoeusnth"u8);
        writer.Values(packed, 18);
        writer.EndResponse("aa"u8, "KS01"u8);

        KrpcMessage message = Read(GoldenPackets.GetPeersResponseIPv6, buffer[..writer.Length]);

        PeerValues.Enumerator peers = message.Values.GetEnumerator();
        peers.MoveNext().ShouldBeTrue();
        peers.Current.ToString().ShouldBe("[2001:db8:100:0:d5c8:db3f:995e:c0f7]:1941");
        peers.MoveNext().ShouldBeFalse();
        UdpEndpoint.TryReadCompact(message.ExternalAddress, out UdpEndpoint seen).ShouldBeTrue();
        seen.ShouldBe(RequesterIPv6);
    }

    // BEP 33.
    [Fact]
    public void Get_peers_response_to_a_scrape()
    {
        byte[] buffer = new byte[1024];
        byte[] peers = [.. Enumerable.Repeat((byte)1, 256)];
        byte[] seeds = [.. Enumerable.Repeat((byte)2, 256)];
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Letters, Requester, peers, seeds);
        writer.EndResponse("aa"u8, "KS01"u8);

        KrpcMessage message = Read(GoldenPackets.ScrapeResponse, buffer[..writer.Length]);

        message.PeerFilter.ToArray().ShouldBe(peers);
        message.SeedFilter.ToArray().ShouldBe(seeds);
    }

    [Fact]
    public void Get_response_with_a_mutable_item()
    {
        KrpcMessage message = Read(GoldenPackets.GetResponse, Response(static (ref writer) =>
        {
            writer.Bytes("1:k"u8, PublicKey);
            writer.Nodes(Contacts.AsSpan(0, 1), ipv4: true);
            writer.Integer("3:seq"u8, 42);
            writer.Bytes("3:sig"u8, Signature);
            writer.Bytes("5:token"u8, "aoeusnth"u8);
            writer.Raw("1:v"u8, "d1:ai1e1:bl2:xyee"u8);
        }));

        message.Value.ToArray().ShouldBe("d1:ai1e1:bl2:xyee"u8.ToArray());
        message.PublicKey.ToArray().ShouldBe(PublicKey);
        message.Signature.ToArray().ShouldBe(Signature);
        message.Sequence.ShouldBe(42);
    }

    [Fact]
    public void Sample_infohashes_response()
    {
        KrpcMessage message = Read(GoldenPackets.SampleInfohashesResponse, Response(static (ref writer) =>
        {
            writer.Integer("8:interval"u8, 21600);
            writer.Nodes(default, ipv4: true);
            writer.Integer("3:num"u8, 2000);
            writer.Bytes("7:samples"u8, "abcdefghij0123456789nodenodenodenodenode"u8);
        }));

        message.Interval.ShouldBe(21600);
        message.Num.ShouldBe(2000);
        message.Samples.Length.ShouldBe(40);
    }

    [Fact]
    public void Error_message()
    {
        byte[] buffer = new byte[128];
        int length = KrpcWriter.WriteError(buffer, Requester, 203, KrpcFault.BadToken.Text(), "aa"u8, "KS01"u8);

        KrpcMessage message = Read(GoldenPackets.ErrorMessage, buffer[..length]);

        message.Kind.ShouldBe(KrpcKind.Error);
        message.ErrorCode.ShouldBe((int)KrpcErrorCode.Protocol);
        Encoding.ASCII.GetString(message.ErrorText).ShouldBe("invalid token");
        message.ExternalAddress.Length.ShouldBe(6);
        message.HasId.ShouldBeFalse();
    }

    [Fact]
    public void Error_message_without_address_and_version()
    {
        byte[] buffer = new byte[128];
        int length = KrpcWriter.WriteError(buffer, null, 204, "unknown method"u8, "aa"u8, default);

        Read(GoldenPackets.PlainErrorMessage, buffer[..length]).ErrorCode.ShouldBe((int)KrpcErrorCode.UnknownMethod);
    }

    private static byte[] Query(string method, Writing arguments, bool readOnly = false)
    {
        byte[] buffer = new byte[512];
        KrpcWriter writer = new(buffer);
        writer.BeginQuery(Alphabet);
        arguments(ref writer);
        writer.EndQuery(Encoding.ASCII.GetBytes(method), readOnly, "aa"u8, "KS01"u8);
        writer.Overflowed.ShouldBeFalse();
        return buffer[..writer.Length];
    }

    private static byte[] Response(Writing values)
    {
        byte[] buffer = new byte[512];
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Letters, Requester);
        values(ref writer);
        writer.EndResponse("aa"u8, "KS01"u8);
        writer.Overflowed.ShouldBeFalse();
        return buffer[..writer.Length];
    }

    // What was written is the golden packet, its dictionaries are sorted, and the reader takes it without a fault.
    private static KrpcMessage Read(string golden, byte[] written)
    {
        Convert.ToHexString(written).ShouldBe(Convert.ToHexString(AnnotatedHex.Bytes(golden)));
        Bencode.IsCanonical(written).ShouldBeTrue();
        KrpcReader.TryRead(written, out KrpcMessage message, out Malformed why).ShouldBeTrue(why.ToString());
        message.Fault.ShouldBe(KrpcFault.None);
        return message;
    }
}
