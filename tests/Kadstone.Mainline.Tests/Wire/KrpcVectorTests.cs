using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>What real nodes sent, and what no node should send.</summary>
public sealed class KrpcVectorTests
{
    public static TheoryData<string> Texts => WireVectors.Names("krpc_text");

    public static TheoryData<string> MalformedNames => WireVectors.Names("malformed");

    public static TheoryData<int> CapturedPlaces => WireVectors.Places("captured");

    [Theory]
    [MemberData(nameof(Texts))]
    public void Every_example_of_the_specification_is_read_without_a_fault(string name)
    {
        bool read = KrpcReader.TryRead(WireVectors.Item("krpc_text", name).Packet(), out KrpcMessage message, out Malformed why);

        read.ShouldBeTrue(why.ToString());
        message.Fault.ShouldBe(KrpcFault.None);
        message.Transaction.ToArray().ShouldBe("aa"u8.ToArray());
    }

    [Theory]
    [MemberData(nameof(MalformedNames))]
    public void Every_malformed_packet_is_treated_as_expected(string name)
    {
        JsonElement item = WireVectors.Item("malformed", name);
        byte[] packet = item.Packet();
        packet.Length.ShouldBe(item.GetProperty("len").GetInt32());

        bool read = KrpcReader.TryRead(packet, out KrpcMessage message, out Malformed why);

        why.ShouldBe(read ? Malformed.None : why);
        if (packet.Length > KrpcReader.MaxDatagramLength)
        {
            // No honest packet is so long: whatever else it says, it is dropped.
            read.ShouldBeFalse();
            return;
        }

        string expected = item.Text("expect");
        bool query = read && message.Kind == KrpcKind.Query;
        bool good = query && message.Fault == KrpcFault.None;
        bool unknown = good && message.Method == KrpcMethod.Unknown && !message.HasTarget;
        bool faulty = query && message.Fault != KrpcFault.None;
        bool leftToTheToken = good && message.HasToken && message.Method is KrpcMethod.AnnouncePeer or KrpcMethod.Put;
        bool asExpected = expected switch
        {
            "drop" => !read || name.Contains("nobody asked for") || name.Contains("(run-time)"),
            "drop or reply" => !read || good,
            "drop or reply (once)" => !read,
            "drop or error204" => !read || unknown,
            "drop_or_203" => !read || faulty,
            "reply" => good && !unknown,
            "reply or error203" => good || faulty,
            "error203" => faulty || (name.StartsWith("announce", StringComparison.Ordinal) && leftToTheToken && !name.Contains("port")),
            "error204" => unknown,
            "error206" => good && message.PublicKey.Length == 32 && message.Signature.Length == 64,
            _ when expected.StartsWith("error205", StringComparison.Ordinal) => good && message.Value.Length > ItemSignature.MaxValueLength,
            _ when expected.StartsWith("error207", StringComparison.Ordinal) => good && message.Salt.Length > ItemSignature.MaxSaltLength,
            _ when expected.StartsWith("error203 for the token", StringComparison.Ordinal) => leftToTheToken,
            _ when expected.StartsWith("drop: ", StringComparison.Ordinal) => !read,
            _ => name.StartsWith("response", StringComparison.Ordinal) && read && message.Kind == KrpcKind.Response,
        };

        asExpected.ShouldBeTrue($"expected {expected}, but: read {read} ({why}), fault {message.Fault}");
    }

    [Fact]
    public void Parts_of_a_response_that_make_no_sense_are_left_out()
    {
        Response("response nodes 51 bytes").Nodes.Length.ShouldBe(26);
        Response("response nodes 25 bytes").Nodes.Length.ShouldBe(0);
        Response("response nodes is a list of strings").Nodes.Length.ShouldBe(0);
        Response("response token is an integer").HasToken.ShouldBeFalse();
        Response("response token 4 KB").HasToken.ShouldBeFalse();
        Response("response ip of 5 bytes").ExternalAddress.Length.ShouldBe(0);
        Response("response samples of 21 bytes").Samples.Length.ShouldBe(20);
        Response("response BFsd of 255 bytes").SeedFilter.Length.ShouldBe(0);
        Response("response BFsd of 255 bytes").PeerFilter.Length.ShouldBe(0);
        Response("response values is a string of 6k bytes").Values.Count.ShouldBe(2);
        Response("response values with members of 5, 7, 17, 19 bytes and an integer").Values.Count.ShouldBe(1);
        Response("response values mixed 6 and 18 bytes").Values.Count.ShouldBe(2);
    }

    [Fact]
    public void Numbers_of_a_response_are_brought_into_their_range()
    {
        KrpcMessage negative = Response("response interval -1, num -1");
        negative.Interval.ShouldBe(0);
        negative.Num.ShouldBe(0);

        KrpcMessage huge = Response("response interval 2^62");
        huge.Interval.ShouldBe(21600);
        huge.Num.ShouldBe(1L << 62);
    }

    [Theory]
    [MemberData(nameof(CapturedPlaces))]
    public void Every_captured_packet_is_read_as_its_sender_meant_it(int place)
    {
        JsonElement item = WireVectors.Section("captured").ElementAt(place);
        JsonElement fields = item.GetProperty("fields");

        bool read = KrpcReader.TryRead(item.Packet(), out KrpcMessage message, out Malformed why);

        read.ShouldBeTrue(why.ToString());
        message.Transaction.ToArray().ShouldBe(fields.GetProperty("t").Captured());
        message.Version.ToArray().ShouldBe(Field(fields, "v"));
        message.ExternalAddress.ToArray().ShouldBe(Field(fields, "ip"));
        switch (item.Text("type"))
        {
            case "q":
                message.Kind.ShouldBe(KrpcKind.Query);
                message.Fault.ShouldBe(KrpcFault.None);
                message.MethodName.ToArray().ShouldBe(fields.GetProperty("q").Captured());
                message.Method.ShouldNotBe(KrpcMethod.Unknown);
                CheckBody(fields.GetProperty("a"), message);
                break;
            case "r":
                message.Kind.ShouldBe(KrpcKind.Response);
                CheckBody(fields.GetProperty("r"), message);
                break;
            default:
                message.Kind.ShouldBe(KrpcKind.Error);
                message.ErrorCode.ShouldBe(fields.GetProperty("e")[0].GetInt32());
                message.ErrorText.ToArray().ShouldBe(fields.GetProperty("e")[1].Captured());
                break;
        }
    }

    private static void CheckBody(JsonElement body, scoped in KrpcMessage message)
    {
        message.Id.ToByteArray().ShouldBe(Field(body, "id"));
        byte[] target = body.TryGetProperty("info_hash", out _) ? Field(body, "info_hash") : Field(body, "target");
        message.HasTarget.ShouldBe(target.Length == 20);
        if (message.HasTarget)
        {
            message.Target.ShouldBe(Key160.Read(target));
        }

        message.Token.ToArray().ShouldBe(Field(body, "token"));
        message.Nodes.ToArray().ShouldBe(Field(body, "nodes"));
        message.PublicKey.ToArray().ShouldBe(Field(body, "k"));
        message.Signature.ToArray().ShouldBe(Field(body, "sig"));
        message.Salt.ToArray().ShouldBe(Field(body, "salt"));
        message.Samples.ToArray().ShouldBe(Field(body, "samples"));
        message.HasSequence.ShouldBe(body.TryGetProperty("seq", out JsonElement sequence));
        message.Sequence.ShouldBe(message.HasSequence ? sequence.GetInt64() : 0);
        message.Port.ShouldBe(body.TryGetProperty("port", out JsonElement port) ? port.GetInt32() : -1);
        message.ImpliedPort.ShouldBe(body.TryGetProperty("implied_port", out JsonElement implied) && implied.GetInt32() != 0);
        message.IsSeed.ShouldBe(body.TryGetProperty("seed", out JsonElement seed) && seed.GetInt32() != 0);
        message.NoSeed.ShouldBe(body.TryGetProperty("noseed", out JsonElement noSeed) && noSeed.GetInt32() != 0);
        message.Num.ShouldBe(body.TryGetProperty("num", out JsonElement num) ? num.GetInt64() : 0);
        if (body.TryGetProperty("v", out JsonElement value))
        {
            byte[] text = value.Captured();
            byte[] bencoded = new byte[text.Length + 8];
            message.Value.ToArray().ShouldBe(bencoded[..Bencode.WriteString(bencoded, text)]);
        }

        if (body.TryGetProperty("values", out JsonElement values) && values.ValueKind == JsonValueKind.Array)
        {
            List<byte[]> peers = [];
            foreach (UdpEndpoint peer in message.Values)
            {
                byte[] compact = new byte[peer.CompactLength];
                peer.WriteCompact(compact);
                peers.Add(compact);
            }

            peers.ShouldBe(values.EnumerateArray().Select(WireVectors.Captured));
        }
    }

    private static byte[] Field(JsonElement body, string name) => body.TryGetProperty(name, out JsonElement value) ? value.Captured() : [];

    private static KrpcMessage Response(string name)
    {
        KrpcReader.TryRead(WireVectors.Item("malformed", name).Packet(), out KrpcMessage message, out Malformed why).ShouldBeTrue(why.ToString());
        return message;
    }
}
