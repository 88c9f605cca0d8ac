using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Whatever arrives, a codec answers true or false: it does not throw, hang, or allocate. Raised to 10 M packets each by KADSTONE_BARS=1.</summary>
public sealed class Gen1HostileBytesTests
{
    private static readonly byte[][] Corpus =
    [
        .. Gen1Vectors.Corpus(),
        .. Gen1Vectors.Packets.Values.Where(packet => packet.Field("value") is not null).Select(packet => Convert.FromHexString(packet.Field("value")!)),
        Gen1Packet.Bytes(Gen1Packet.Request + "0a8101" + string.Concat(Enumerable.Repeat("61", 129)) + Gen1Packet.Target),
        Gen1Packet.Bytes(Gen1Packet.Request + "0a0a5f66696e645f6e6f6465"),
        Gen1Packet.Bytes("0801108080ff0f"),
        Gen1Packet.Bytes(Gen1Packet.Response + "1afb47" + string.Concat(Enumerable.Repeat("76", Gen1Reader.MaxDatagramLength - 5))),
    ];

    [Fact]
    public void The_message_reader_survives_and_what_it_accepts_is_within_bounds_and_written_again()
    {
        byte[] buffer = new byte[2 * Gen1Reader.MaxDatagramLength];
        Gen1Contact[] nodes = new Gen1Contact[Gen1Rewriting.MostNodes];
        Feed(2001, packet => ReadMessage(packet, buffer, nodes));
    }

    [Fact]
    public void The_readers_of_peers_survive() => Feed(2002, static packet =>
    {
        if (Gen1PeersRequest.TryRead(packet, out Gen1PeersRequest request, out Gen1Malformed why))
        {
            Check(request.Type <= Gen1PeersType.Unknown && request.LocalAddress is not { IsIPv4: false }, "a request within bounds");
            Span<byte> again = stackalloc byte[Gen1PeersRequest.MaxLength];
            Check(request.Type == Gen1PeersType.Unknown || (Gen1PeersRequest.TryRead(again[..request.Write(again)], out Gen1PeersRequest same, out _) && same == request), "written again");
        }

        Check(why == Gen1Malformed.None == (request != default || Gen1PeersRequest.TryRead(packet, out _, out _)), "a reason for each drop");
        if (Gen1PeersResponse.TryRead(packet, out Gen1PeersResponse response, out why))
        {
            int peers = 0;
            foreach (UdpEndpoint peer in response.Peers)
            {
                peers += peer.Port != 0 ? 6 : int.MaxValue;
            }

            foreach (UdpEndpoint peer in response.LocalPeers(UdpEndpoint.FromIPv4(0xC0A80000, 1)))
            {
                peers += peer.Port != 0 && peer.AddressLow >> 16 == 0xC0A8 ? 4 : int.MaxValue;
            }

            // Of a list that occurs twice the last counts: no more peers than bytes.
            Check(peers >= 0 && peers <= packet.Length, "as many peers as bytes hold");
        }

        Check((why == Gen1Malformed.None) == Gen1PeersResponse.TryRead(packet, out _, out _), "a reason for each drop");
    });

    [Fact]
    public void The_contact_reader_survives() => Feed(2003, static packet =>
    {
        for (int length = 0; length <= Math.Min(packet.Length, 40); length++)
        {
            Check(!Gen1Contact.TryRead(packet[..length], out Gen1Contact contact) || (length == 38 && contact.Endpoint is { IsIPv4: true, Port: not 0 }), "a contact");
            Check(!Gen1Reader.TryReadEndpoint(packet[..length], out UdpEndpoint endpoint) || (length == 6 && endpoint is { IsIPv4: true, Port: not 0 }), "an endpoint");
        }
    });

    [Fact]
    public void Of_the_bent_packets_many_are_read_and_every_reason_to_drop_one_occurs()
    {
        Gen1HostileBytes packets = new(Corpus, 2000);
        int read = 0;
        HashSet<Gen1Malformed> reasons = [];
        for (int i = 0; i < 100_000; i++)
        {
            ReadOnlySpan<byte> packet = packets.Next();
            read += Gen1Reader.TryRead(packet, out _, out Gen1Malformed why) ? 1 : 0;
            reasons.Add(why);
            Gen1PeersRequest.TryRead(packet, out _, out why);
            reasons.Add(why);
        }

        read.ShouldBeInRange(20_000, 80_000);
        reasons.ShouldBe(Enum.GetValues<Gen1Malformed>(), ignoreOrder: true);
    }

    private static void ReadMessage(ReadOnlySpan<byte> packet, byte[] buffer, Gen1Contact[] nodes)
    {
        if (!Gen1Reader.TryRead(packet, out Gen1Message message, out Gen1Malformed why))
        {
            Check(why != Gen1Malformed.None, "a reason for each drop");
            return;
        }

        Check(why == Gen1Malformed.None, "no reason without a drop");
        Check(packet.Length <= Gen1Reader.MaxDatagramLength && message.Transaction <= Gen1Reader.MaxTransaction, "length and transaction");
        Check(message.CommandName.Length <= Gen1Reader.MaxCommandLength && message.Token.Length <= Gen1Reader.MaxTokenLength, "command and token");
        Check(message.Value.Length <= packet.Length && (message.HasValue || message.Value.IsEmpty), "value");
        Check(message.Kind == Gen1Kind.Request || (message.CommandName.IsEmpty && !message.HasTarget && message.ForwardRequest is null && message.ForwardResponse is null), "a response");
        Check(message.Kind == Gen1Kind.Response || message.Nodes.IsEmpty, "a request");
        Check(message.Kind == Gen1Kind.Response || message.Command == Gen1Command.Ping || message is { HasTarget: true, ForwardRequest: null, ForwardResponse: null }, "a target");
        Check(message.ForwardRequest is null or { IsIPv4: true, Port: not 0 } && message.ForwardResponse is null or { IsIPv4: true, Port: not 0 }, "a forward");

        int length = Gen1Rewriting.Write(buffer, message, !message.Nodes.IsEmpty, nodes);
        Check(length > 0 && Gen1Reader.TryRead(buffer.AsSpan(0, length), out Gen1Message again, out _) && Same(message, again), "written again");
    }

    private static bool Same(scoped in Gen1Message one, scoped in Gen1Message other)
    {
        Gen1Nodes.Enumerator others = other.Nodes.GetEnumerator();
        foreach (Gen1Contact contact in one.Nodes)
        {
            if (!others.MoveNext() || others.Current.Endpoint != contact.Endpoint || others.Current.Id != contact.Id)
            {
                return false;
            }
        }

        return !others.MoveNext() && one.Kind == other.Kind && one.Transaction == other.Transaction && one.CommandName.SequenceEqual(other.CommandName)
            && one.HasId == other.HasId && one.Id == other.Id && one.HasTarget == other.HasTarget && one.Target == other.Target
            && one.ForwardRequest == other.ForwardRequest && one.ForwardResponse == other.ForwardResponse
            && one.Token.SequenceEqual(other.Token) && one.HasValue == other.HasValue && one.Value.SequenceEqual(other.Value);
    }

    private static void Feed(int seed, HostileFeed.Codec codec) =>
        HostileFeed.Run(seed, Gen1HostileBytes.Count, new Gen1HostileBytes(Corpus, seed).Next, codec);

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
