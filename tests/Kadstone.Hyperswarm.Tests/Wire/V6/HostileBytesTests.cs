using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>
/// Whatever arrives, a codec answers true or false, and the same as a plain one: it does not throw, hang, or allocate.
/// What it reads, it writes again. Raised to 10 M packets each by KADSTONE_BARS=1.
/// </summary>
public sealed class HostileBytesTests
{
    private static readonly byte[][] Packets = HyperVectors.PacketCorpus();
    private static readonly byte[][] Values = HyperVectors.ValueCorpus();

    // A constant: a static field would have the corpora made in the midst of a count of allocations.
    private readonly byte[] _first = new byte[4 * RpcReader.MaxDatagramLength];
    private readonly byte[] _second = new byte[4 * RpcReader.MaxDatagramLength];

    private delegate bool Plain(ReadOnlySpan<byte> value);

    [Fact]
    public void Messages() => Feed(2001, Packets, packet =>
    {
        bool isRead = RpcReader.TryRead(packet, out RpcMessage message, out RpcMalformed why);
        Check(isRead == PlainCompact.IsMessage(packet), "a plain reader says otherwise");
        Check(isRead == (why == RpcMalformed.None), "a reason for each drop and for no other");
        Check(message.Token.Length is 0 or RpcReader.TokenLength, "token");
        Check(isRead || (!message.HasId && !message.HasValue && message.CloserNodes.Count == 0), "nothing of what is dropped");
        int nodes = 0;
        foreach (UdpEndpoint endpoint in message.CloserNodes)
        {
            Check(endpoint.IsIPv4 && endpoint == message.CloserNodes[nodes], "closer node");
            nodes++;
        }

        Check(nodes == message.CloserNodes.Count && nodes * 6 <= packet.Length, "closer nodes");
        if (isRead)
        {
            int length = Rewriting.Write(message, _first);
            Check(length is > 0 and <= RpcReader.MaxDatagramLength && length <= packet.Length, "rewritten length");
            Check(RpcReader.TryRead(_first.AsSpan(0, length), out RpcMessage again, out _), "the rewritten is read");
            int twice = Rewriting.Write(again, _second);
            Check(_first.AsSpan(0, length).SequenceEqual(_second.AsSpan(0, twice)), "the rewritten is the same");
            Check(again.Value.SequenceEqual(message.Value) && again.Token.SequenceEqual(message.Token) && again.Id == message.Id && again.Command == message.Command, "fields");
            Check(again.Target == message.Target && again.Error == message.Error && again.To == message.To && again.HasValue == message.HasValue, "more fields");
        }
    });

    [Fact]
    public void Of_the_bent_packets_many_are_read_and_every_reason_to_drop_one_occurs()
    {
        HostileBytes packets = new(Packets, 2000);
        int read = 0;
        HashSet<RpcMalformed> reasons = [];
        for (int i = 0; i < 100_000; i++)
        {
            read += RpcReader.TryRead(packets.Next(), out _, out RpcMalformed why) ? 1 : 0;
            reasons.Add(why);
        }

        read.ShouldBeInRange(20_000, 80_000);
        reasons.ShouldBe(Enum.GetValues<RpcMalformed>(), ignoreOrder: true);
    }

    [Fact]
    public void Peers() => Feed(2002, Values, packet => Codes<HyperPeer>(packet, PlainCompact.IsPeer));

    [Fact]
    public void Lookup_answers() => Feed(2003, Values, packet =>
    {
        Codes<LookupAnswer>(packet, PlainCompact.IsLookupAnswer);
        LookupAnswer.TryRead(packet, out LookupAnswer answer);
        int peers = 0;
        foreach (HyperPeer peer in answer.Peers)
        {
            Check(peer.PublicKey.Length == 32, "public key");
            peers++;
        }

        Check(peers == answer.Peers.Count && peers * HyperPeer.MinLength <= packet.Length, "peers");
        Check(answer.Bump is >= 0 and <= CompactReader.MaxUInt, "bump");
    });

    [Fact]
    public void Announcements() => Feed(2004, Values, packet => Codes<Announcement>(packet, PlainCompact.IsAnnouncement));

    [Fact]
    public void Mutable_items() => Feed(2005, Values, packet => Codes<MutableItem>(packet, PlainCompact.IsMutableItem));

    [Fact]
    public void Mutable_puts() => Feed(2006, Values, packet => Codes<MutablePut>(packet, PlainCompact.IsMutablePut));

    [Fact]
    public void Plugin_requests() => Feed(2007, Values, packet => Codes<PluginRequest>(packet, PlainCompact.IsPlugin));

    [Fact]
    public void Handshakes() => Feed(2008, Values, packet => Codes<HandshakeEnvelope>(packet, PlainCompact.IsHandshake));

    [Fact]
    public void Hole_punching() => Feed(2009, Values, packet => Codes<HolepunchEnvelope>(packet, PlainCompact.IsHolepunch));

    [Fact]
    public void Addresses_of_servers() => Feed(2010, Values, packet => Codes<HyperAddress>(packet, PlainCompact.IsAddress));

    [Fact]
    public void Values_of_dht_rpcs_own_commands() => Feed(2011, Values, static packet =>
    {
        packet = packet[..Math.Min(packet.Length, 7)];
        Check(RpcInternalValue.TryReadPort(packet, out ushort port) == (packet.Length >= 2 && port != 0), "port");
        Check(RpcInternalValue.TryReadHint(packet, out _) == packet.Length >= 6, "hint");
        Check(!RpcInternalValue.TryReadDelay(packet, out TimeSpan delay) || (packet.Length >= 4 && delay <= TimeSpan.FromSeconds(10)), "delay");
    });

    [Fact]
    public void Texts_of_public_keys()
    {
        char[] text = new char[4 * RpcReader.MaxDatagramLength];
        byte[] key = new byte[32];
        Feed(2012, [.. HyperVectors.List("keyPairs").SelectMany(item => new[] { item.Text("z32"), item.Text("publicKey") }).Select(System.Text.Encoding.ASCII.GetBytes)], packet =>
        {
            for (int i = 0; i < packet.Length; i++)
            {
                text[i] = (char)packet[i];
            }

            bool isKey = PublicKeyText.TryParse(text.AsSpan(0, packet.Length), key);
            Check(!isKey || packet.Length is PublicKeyText.HexLength or PublicKeyText.ZBase32Length, "length");
        });
    }

    // A signature costs 50 us or more: fewer of them, and no forgery passes.
    [Fact]
    public void No_bent_signature_passes()
    {
        HostileBytes packets = new(Values, 2013);
        Key256 target = HyperVectors.At("announce/relays").Key("target");
        Key256 node = HyperVectors.At("announce/relays").Key("nodeId");
        byte[] token = HyperVectors.At("announce/relays").Hex("token");
        int asked = 0;
        int signed = 0;
        for (int i = 0; i < HostileBytes.Count / 10; i++)
        {
            ReadOnlySpan<byte> packet = packets.Next();
            if (Announcement.TryRead(packet, out Announcement announcement) && announcement.IsSigned(HyperNamespace.Announce, target, node, token))
            {
                signed++;
                bool isKnown = false;
                foreach (byte[] origin in Values)
                {
                    isKnown |= Announcement.TryRead(origin, out Announcement known) && known.Signature.SequenceEqual(announcement.Signature)
                        && known.Peer.PublicKey.SequenceEqual(announcement.Peer.PublicKey)
                        && known.Peer.RelayAddresses.Packed.SequenceEqual(announcement.Peer.RelayAddresses.Packed)
                        && known.Refresh.SequenceEqual(announcement.Refresh);
                }

                isKnown.ShouldBeTrue($"seed 2013, packet {i}: {Convert.ToHexStringLower(packet)}");
            }

            if (MutablePut.TryRead(packet, out MutablePut put))
            {
                _ = put.Item.IsSigned(put.PublicKey);
            }

            asked++;
        }

        asked.ShouldBe(HostileBytes.Count / 10);
        signed.ShouldBePositive("what was bent behind the signature still holds");
    }

    private void Codes<T>(ReadOnlySpan<byte> packet, Plain plain)
        where T : ICompactValue<T>, allows ref struct
    {
        bool isRead = T.TryRead(packet, out T value);
        Check(isRead == plain(packet), "a plain reader says otherwise");
        if (!isRead)
        {
            return;
        }

        int length = Rewriting.Write(value, _first);
        Check(length > 0 && length <= packet.Length, "rewritten length");
        Check(T.TryRead(_first.AsSpan(0, length), out T again), "the rewritten is read");
        int twice = Rewriting.Write(again, _second);
        Check(_first.AsSpan(0, length).SequenceEqual(_second.AsSpan(0, twice)), "the rewritten is the same");
    }

    private static void Feed(int seed, byte[][] corpus, HostileFeed.Codec codec) =>
        HostileFeed.Run(seed, HostileBytes.Count, new HostileBytes(corpus, seed).Next, codec);

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
