using System.Text;

namespace Kadstone.Libp2p.Tests.Wire;

/// <summary>Whatever arrives, a codec answers true or false: it does not throw, and what it keeps is in proportion to what came. What it reads, it writes again.</summary>
public sealed class HostileBytesTests
{
    [Fact]
    public void Cids() => HostileBytes.Feed(3001, LibP2pVectors.List("cids").Select(item => item.Hex("bytes")), message =>
    {
        bool isRead = Cid.TryRead(message, out Cid? cid);
        Check(!isRead || (cid!.Bytes.Span.SequenceEqual(message) && Cid.Parse(cid.ToString()) == cid), "the same bytes and text");
        return isRead;
    });

    [Fact]
    public void Multiaddrs() => HostileBytes.Feed(3002, LibP2pVectors.List("multiaddrs").Where(item => item.Has("bytes")).Select(item => item.Hex("bytes")), message =>
    {
        bool isRead = Multiaddr.TryRead(message, out Multiaddr? address);
        if (address is not null)
        {
            Check(address.Bytes.Span.SequenceEqual(message), "the same bytes");
            string text = address.ToString();

            // Other bytes may mean the same (a long form of a protocol's number is refused), never the other way round.
            Check(address.IsOpaque || (Multiaddr.TryParse(text, out Multiaddr? again) && again == address), "the same text");
            _ = address.WithoutPeer().WithPeer(PeerId.Parse("12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"));
            _ = address.TryGetTcpEndpoint(out _) || address.TryGetTcpName(out _, out _);
        }

        return isRead;
    });

    [Fact]
    public void Peer_ids() => HostileBytes.Feed(3003, LibP2pVectors.List("keys").Select(item => item.Hex("multihash")), message =>
    {
        bool isRead = PeerId.TryRead(message, out PeerId? peer);
        Check(!isRead || PeerId.Parse(peer!.ToString()) == peer, "the same text");
        _ = peer?.TryGetPublicKey(out _);
        return isRead;
    });

    [Fact]
    public void Public_keys() => HostileBytes.Feed(3004, LibP2pVectors.List("keys").Select(item => item.Hex("publicKeyProtobuf")), message => PublicKey.TryRead(message, out _));

    [Fact]
    public void Private_keys() => HostileBytes.Feed(3005, LibP2pVectors.List("keys").Select(item => item.Hex("privateKeyProtobuf")), message => PrivateKey.TryRead(message, out _), count: HostileBytes.Count / 10);

    [Fact]
    public void Identify_messages() => HostileBytes.Feed(3006, LibP2pVectors.List("identify").Select(item => item.Hex("bytes")), message =>
    {
        IdentifyMessage? read = IdentifyMessage.TryAdd(new IdentifyMessage(), message);
        Check(read is null || read.Encode().Length <= IdentifyMessage.MaxLength, "written again");
        return read is not null;
    });

    [Fact]
    public void Noise_payloads() => HostileBytes.Feed(
        3007,
        new[] { "payloadInitiator", "payloadResponder" }.Select(name => LibP2pVectors.At("noise").Hex(name)),
        message => NoisePayload.TryRead(message, out _));

    [Fact]
    public void Multistream_messages() => HostileBytes.Feed(3008, LibP2pVectors.List("multistream").Select(item => item.Hex("bytes")), message =>
    {
        WireProgress progress = MultistreamLine.Read(message, out ReadOnlySpan<byte> text, out int length);
        Check(progress == WireProgress.Complete || length == 0, "nothing is taken of what is none");
        Check(progress != WireProgress.Complete || MultistreamLine.Write(Encoding.UTF8.GetString(text)).AsSpan().SequenceEqual(message[..length]), "the same bytes");
        return progress == WireProgress.Complete;
    });

    [Fact]
    public void No_bent_record_passes()
    {
        byte[] envelope = LibP2pVectors.At("peerRecord").Hex("envelope");
        PeerRecord.TryOpen(envelope, out PeerRecord? origin).ShouldBeTrue();
        HostileBytes.Feed(
            3009,
            [envelope],
            message =>
            {
                bool isOpen = PeerRecord.TryOpen(message, out PeerRecord? record);
                Check(!isOpen || (record!.Peer == origin.Peer && record.Sequence == origin.Sequence && record.Addresses.SequenceEqual(origin.Addresses)), "a forgery");
                return isOpen;
            },
            count: HostileBytes.Count / 10);
    }

    [Fact]
    public void Texts()
    {
        IEnumerable<string> texts = LibP2pVectors.List("cids").Concat(LibP2pVectors.List("multiaddrs")).Concat(LibP2pVectors.List("peerIdText")).Select(item => item.Text("text"))
            .Concat([Cid.OfRaw([1]).ToString(MultibaseEncoding.Base64), Cid.OfRaw([1]).ToString(MultibaseEncoding.Base36Upper), "/ip4/1.2.3.4/onion3/a:1", "/memory/1", "/ip6zone/a/ip6/::1"]);
        HostileBytes.Feed(3010, texts.Select(Encoding.UTF8.GetBytes), message =>
        {
            string text = Encoding.Latin1.GetString(message);
            bool isRead = Cid.TryParse(text, out Cid? cid);
            Check(cid is null || Cid.TryRead(cid.Bytes.Span, out _), "a cid");
            isRead |= PeerId.TryParse(text, out _);
            if (Multiaddr.TryParse(text, out Multiaddr? address))
            {
                isRead = true;
                Check(Multiaddr.TryRead(address.Bytes.Span, out _) && Multiaddr.TryParse(address.ToString(), out Multiaddr? again) && again == address, "an address");
            }

            return isRead;
        });
    }

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
