using System.Text.Json;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>What real nodes sent: npm dht-rpc 6.27 and hyperdht 6.34 on loopback.</summary>
public sealed class RpcVectorTests
{
    [Fact]
    public void Every_packet_is_read_as_it_was_meant()
    {
        int count = 0;
        foreach ((string name, JsonElement packet) in HyperVectors.Packets())
        {
            JsonElement fields = packet.GetProperty("fields");
            RpcReader.TryRead(packet.Hex("hex"), out RpcMessage message, out RpcMalformed why).ShouldBeTrue($"{name}: {why}");
            why.ShouldBe(RpcMalformed.None);
            message.Kind.ShouldBe(fields.Text("type") == "request" ? RpcKind.Request : RpcKind.Response, name);
            message.Transaction.ShouldBe((ushort)fields.Number("tid"), name);
            message.To.ShouldBe(HyperVectors.Endpoint(fields.Text("to")), name);
            (message.HasId ? message.Id.ToString() : null).ShouldBe(fields.GetProperty("id").GetString(), name);
            (message.HasToken ? Convert.ToHexStringLower(message.Token) : null).ShouldBe(fields.GetProperty("token").GetString(), name);
            (message.HasValue ? Convert.ToHexStringLower(message.Value) : null).ShouldBe(fields.GetProperty("value").GetString(), name);
            if (message.Kind == RpcKind.Request)
            {
                message.IsInternal.ShouldBe(fields.GetProperty("internal").GetBoolean(), name);
                message.Command.ShouldBe((uint)fields.Number("command"), name);
                (message.HasTarget ? message.Target.ToString() : null).ShouldBe(fields.GetProperty("target").GetString(), name);
            }
            else
            {
                JsonElement nodes = fields.GetProperty("closerNodes");
                string[] expected = nodes.ValueKind == JsonValueKind.Array ? [.. nodes.EnumerateArray().Select(node => node.GetString()!)] : [];
                List<string> actual = [];
                foreach (UdpEndpoint endpoint in message.CloserNodes)
                {
                    actual.Add(endpoint.ToString());
                }

                actual.ToArray().ShouldBe(expected, name);
                message.Error.ShouldBe((RpcError)fields.Number("error"), name);
            }

            count++;
        }

        count.ShouldBe(70);
    }

    [Fact]
    public void Every_packet_is_written_again_to_the_byte()
    {
        byte[] buffer = new byte[RpcReader.MaxDatagramLength];
        foreach ((string name, JsonElement packet) in HyperVectors.Packets())
        {
            RpcReader.TryRead(packet.Hex("hex"), out RpcMessage message, out _);
            buffer.AsSpan(0, Rewriting.Write(message, buffer)).ToArray().ShouldBe(packet.Hex("hex"), name);
        }
    }

    [Fact]
    public void The_id_of_every_sender_follows_from_its_endpoint()
    {
        int persistent = 0;
        foreach ((string name, JsonElement packet) in HyperVectors.Packets())
        {
            UdpEndpoint from = HyperVectors.Endpoint(packet.Text("from"));
            RpcReader.TryRead(packet.Hex("hex"), out RpcMessage message, out _);
            message.TryGetContact(from, out RpcContact contact).ShouldBe(message.HasId, name);
            message.TryGetContact(from.WithPort((ushort)(from.Port + 1)), out _).ShouldBeFalse("another port, another id");
            message.TryGetContact(UdpEndpoint.FromIPv6(1, 2, 3), out _).ShouldBeFalse();
            if (message.HasId)
            {
                contact.Id.ShouldBe(message.Id);
                contact.Endpoint.ShouldBe(from);
                persistent++;
            }
        }

        persistent.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData("PING", RpcInternalCommand.Ping)]
    [InlineData("PING_NAT", RpcInternalCommand.PingNat)]
    [InlineData("FIND_NODE", RpcInternalCommand.FindNode)]
    [InlineData("DOWN_HINT", RpcInternalCommand.DownHint)]
    [InlineData("DELAYED_PING", RpcInternalCommand.DelayedPing)]
    internal void The_commands_of_dht_rpc_have_these_numbers(string name, RpcInternalCommand command)
    {
        foreach (JsonElement fields in RequestsOf(name))
        {
            fields.GetProperty("internal").GetBoolean().ShouldBeTrue();
            fields.Number("command").ShouldBe((uint)command);
        }
    }

    [Theory]
    [InlineData("PEER_HANDSHAKE_hops", HyperCommand.PeerHandshake)]
    [InlineData("PEER_HOLEPUNCH_hops", HyperCommand.PeerHolepunch)]
    [InlineData("FIND_PEER", HyperCommand.FindPeer)]
    [InlineData("LOOKUP", HyperCommand.Lookup)]
    [InlineData("ANNOUNCE", HyperCommand.Announce)]
    [InlineData("UNANNOUNCE", HyperCommand.Unannounce)]
    [InlineData("MUTABLE_PUT", HyperCommand.MutablePut)]
    [InlineData("MUTABLE_GET", HyperCommand.MutableGet)]
    [InlineData("IMMUTABLE_PUT", HyperCommand.ImmutablePut)]
    [InlineData("IMMUTABLE_GET", HyperCommand.ImmutableGet)]
    internal void The_commands_of_hyperdht_have_these_numbers(string name, HyperCommand command)
    {
        foreach (JsonElement fields in RequestsOf(name))
        {
            fields.GetProperty("internal").GetBoolean().ShouldBeFalse();
            fields.Number("command").ShouldBe((uint)command);
        }
    }

    [Fact]
    public void The_values_of_dht_rpcs_own_commands_are_read_and_written()
    {
        byte[] port = HyperVectors.List("packets/PING_NAT").Single().GetProperty("request").GetProperty("fields").Hex("value");
        RpcInternalValue.TryReadPort(port, out ushort answerTo).ShouldBeTrue();
        answerTo.ShouldBe((ushort)56828);
        CompactWriter writer = new(new byte[16]);
        RpcInternalValue.WritePort(ref writer, answerTo);
        writer.Written.ToArray().ShouldBe(port);

        byte[] hint = HyperVectors.List("packets/DOWN_HINT").Single().GetProperty("request").GetProperty("fields").Hex("value");
        RpcInternalValue.TryReadHint(hint, out UdpEndpoint down).ShouldBeTrue();
        down.ShouldBe(HyperVectors.Endpoint("127.0.0.1:59051"));
        writer = new CompactWriter(new byte[16]);
        RpcInternalValue.WriteHint(ref writer, down);
        writer.Written.ToArray().ShouldBe(hint);

        byte[] delay = HyperVectors.List("packets/DELAYED_PING").Single().GetProperty("request").GetProperty("fields").Hex("value");
        RpcInternalValue.TryReadDelay(delay, out TimeSpan wait).ShouldBeTrue();
        wait.ShouldBe(TimeSpan.FromMilliseconds(50));
        writer = new CompactWriter(new byte[16]);
        RpcInternalValue.WriteDelay(ref writer, wait);
        writer.Written.ToArray().ShouldBe(delay);
    }

    [Theory]
    [InlineData("")]
    [InlineData("01")]
    [InlineData("0000")]
    public void A_port_of_nobody_is_not_read(string hex) => RpcInternalValue.TryReadPort(Convert.FromHexString(hex), out _).ShouldBeFalse();

    [Theory]
    [InlineData("102700", false)]
    [InlineData("10270000", true)]
    [InlineData("11270000", false)]
    public void A_delay_is_at_most_ten_seconds(string hex, bool isRead) => RpcInternalValue.TryReadDelay(Convert.FromHexString(hex), out _).ShouldBe(isRead);

    [Fact]
    public void Node_ids()
    {
        foreach (JsonElement item in HyperVectors.List("nodeId"))
        {
            RpcContact contact = RpcContact.FromEndpoint(item.Endpoint());
            contact.Id.ShouldBe(item.Key("id"));
            contact.Key.ShouldBe(contact.Id);
            contact.ShouldBe(new RpcContact(default, item.Endpoint()), "an endpoint is one node, whatever id it claims");
        }
    }

    private static IEnumerable<JsonElement> RequestsOf(string name) =>
        HyperVectors.Packets().Where(item => item.Name == name).Select(item => item.Packet.GetProperty("fields")).Where(fields => fields.Text("type") == "request");
}
