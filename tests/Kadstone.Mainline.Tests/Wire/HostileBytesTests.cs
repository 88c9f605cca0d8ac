using Kadstone.Datagrams;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Whatever arrives, a codec answers true or false: it does not throw, hang, or allocate. Raised to 10 M packets each by KADSTONE_BARS=1.</summary>
public sealed class HostileBytesTests
{
    private static readonly byte[][] Corpus = WireVectors.Corpus();

    [Fact]
    public void The_message_reader_survives_and_what_it_accepts_is_within_bounds() => Feed(1001, ReadMessage);

    [Fact]
    public void Of_the_bent_packets_many_are_read_and_every_reason_to_drop_one_occurs()
    {
        HostileBytes packets = new(Corpus, 1000);
        int read = 0;
        HashSet<Malformed> reasons = [];
        HashSet<KrpcFault> faults = [];
        for (int i = 0; i < 100_000; i++)
        {
            bool taken = KrpcReader.TryRead(packets.Next(), out KrpcMessage message, out Malformed why);
            read += taken ? 1 : 0;
            reasons.Add(why);
            faults.Add(message.Fault);
        }

        read.ShouldBeInRange(20_000, 80_000);
        reasons.ShouldBe(Enum.GetValues<Malformed>(), ignoreOrder: true);
        faults.ShouldBe(Enum.GetValues<KrpcFault>(), ignoreOrder: true);
    }

    [Fact]
    public void The_bencode_reader_agrees_with_a_plain_one() => Feed(1002, static packet =>
    {
        bool skipped = Bencode.TrySkip(packet, out int length);
        int plain = PlainBencode.Skip(packet, 0, 0);

        Check(skipped == (plain >= 0), "skip");
        Check(!skipped || length == plain, "skipped length");
    });

    [Fact]
    public void The_strict_check_agrees_with_a_plain_one() => Feed(1003, static packet =>
    {
        Check(Bencode.IsCanonical(packet) == (PlainBencode.SkipCanonical(packet, 0, 0) == packet.Length), "canonical");

        // Packets are seldom canonical as a whole; their parts are.
        int colon = packet.IndexOf((byte)'d');
        ReadOnlySpan<byte> part = packet[Math.Max(colon, 0)..];
        if (Bencode.TrySkip(part, out int length))
        {
            Check(Bencode.IsCanonical(part[..length]) == (PlainBencode.SkipCanonical(part[..length], 0, 0) == length), "canonical part");
        }
    });

    [Fact]
    public void The_pointer_reader_survives() => Feed(1004, static packet => InfoHashPointer.TryRead(packet, out _));

    [Fact]
    public void The_contact_reader_survives() => Feed(1005, static packet =>
    {
        for (int length = 0; length <= Math.Min(packet.Length, 40); length++)
        {
            Check(!NodeContact.TryRead(packet[..length], out _) || length is 26 or 38, "contact length");
        }
    });

    [Fact]
    public void The_signed_buffer_of_any_salt_and_value_fits_or_is_refused()
    {
        byte[] buffer = new byte[ItemSignature.MaxSignedLength];
        Feed(1006, packet =>
        {
            int half = packet.Length / 2;
            int written = ItemSignature.Write(buffer, packet[..half], packet.Length, packet[half..]);
            Check(written > 0 || packet.Length > ItemSignature.MaxValueLength, "signed buffer");
        });
    }

    private static void ReadMessage(ReadOnlySpan<byte> packet)
    {
        if (!KrpcReader.TryRead(packet, out KrpcMessage message, out Malformed why))
        {
            Check(why != Malformed.None, "a reason for each drop");
            return;
        }

        Check(why == Malformed.None, "no reason without a drop");
        Check(packet.Length <= (message.Kind == KrpcKind.Query ? KrpcReader.MaxQueryLength : KrpcReader.MaxDatagramLength), "length");
        Check(message.Transaction.Length <= KrpcReader.MaxTransactionLength, "transaction");
        Check(message.Token.Length <= KrpcReader.MaxTokenLength, "token");
        Check(message.ErrorText.Length <= KrpcReader.MaxErrorTextLength && message.ErrorCode >= 0, "error");
        Check(message.ExternalAddress.Length is 0 or 6 or 18, "ip");
        Check(message.PublicKey.Length is 0 or 32 && message.Signature.Length is 0 or 64, "key and signature");
        Check(message.Nodes.Length % 26 == 0 && message.Nodes6.Length % 38 == 0 && message.Samples.Length % 20 == 0, "units");
        Check(message.SeedFilter.Length == message.PeerFilter.Length && message.SeedFilter.Length is 0 or 256, "filters");
        Check(message.Interval is >= 0 and <= KrpcReader.MaxInterval && message.Num >= 0 && message.Port is -1 or (> 0 and <= 65535), "numbers");
        Check(message.Kind != KrpcKind.Response || message.HasId, "a response has an id");
        Check(!message.HasValue || Bencode.TrySkip(message.Value, out int length) && length == message.Value.Length, "value");
        int peers = 0;
        foreach (UdpEndpoint _ in message.Values)
        {
            peers++;
        }

        Check(peers == message.Values.Count && peers * 6 <= packet.Length, "values");
        if (message is { Kind: KrpcKind.Query, Fault: KrpcFault.None })
        {
            Check(message.HasId, "a good query has an id");
            Check(message.HasTarget || message.Method is KrpcMethod.Ping or KrpcMethod.Put or KrpcMethod.Unknown, "target");
            Check(message.Method is not (KrpcMethod.Put or KrpcMethod.AnnouncePeer) || message.HasToken, "a write has a token");
            Check(message.Method != KrpcMethod.Put || Bencode.IsCanonical(message.Value), "canonical value");
            Check(message.Method != KrpcMethod.Put || message.PublicKey.IsEmpty == message.Signature.IsEmpty, "signed or not");
            Check(message.Method != KrpcMethod.AnnouncePeer || message.ImpliedPort || message.Port > 0, "port");
        }
    }

    private static void Feed(int seed, HostileFeed.Codec codec) =>
        HostileFeed.Run(seed, HostileBytes.Count, new HostileBytes(Corpus, seed).Next, codec);

    private static void Check(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException(what);
        }
    }
}
