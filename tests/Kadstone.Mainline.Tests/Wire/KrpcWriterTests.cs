using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

public sealed class KrpcWriterTests
{
    private static readonly Key160 Id = Key160.Read("abcdefghij0123456789"u8);
    private static readonly UdpEndpoint Requester = UdpEndpoint.FromIPv4(0xCB007109, 5001);

    private static readonly NodeContact[] Contacts =
    [
        .. Enumerable.Range(1, 8).Select(i => new NodeContact(new Key160((ulong)i, 2, 3), UdpEndpoint.FromIPv4(0x08080800 + (uint)i, 6881))),
        new(default, UdpEndpoint.FromIPv6(1, 2, 3)),
    ];

    [Fact]
    public void A_message_that_does_not_fit_overflows_at_every_length_and_writes_nothing_beyond()
    {
        byte[] whole = new byte[1024];
        int length = WriteAll(whole);
        length.ShouldBeGreaterThan(300);
        for (int room = 0; room < length; room++)
        {
            byte[] buffer = new byte[length];
            buffer.AsSpan(room).Fill(0xEE);

            WriteAll(buffer.AsSpan(0, room)).ShouldBe(0);

            buffer.AsSpan(room).ContainsAnyExcept((byte)0xEE).ShouldBeFalse();
        }

        WriteAll(new byte[length]).ShouldBe(length);
    }

    [Fact]
    public void An_error_that_does_not_fit_has_no_length()
    {
        int length = KrpcWriter.WriteError(new byte[256], Requester, 203, "invalid token"u8, "aa"u8, "KS01"u8);
        for (int room = 0; room < length; room++)
        {
            KrpcWriter.WriteError(new byte[room], Requester, 203, "invalid token"u8, "aa"u8, "KS01"u8).ShouldBe(0);
        }

        KrpcWriter.WriteError(new byte[length], Requester, 203, "invalid token"u8, "aa"u8, "KS01"u8).ShouldBe(length);
    }

    [Fact]
    public void After_an_overflow_nothing_follows_though_it_would_fit()
    {
        KrpcWriter writer = new(new byte[20]);
        writer.Bytes("5:token"u8, new byte[20]);
        writer.Raw("1:v"u8, "i1e"u8);

        writer.Overflowed.ShouldBeTrue();
        writer.Length.ShouldBe(0);
    }

    [Fact]
    public void A_transaction_of_any_length_is_echoed_byte_for_byte()
    {
        byte[] buffer = new byte[256];
        for (int length = 0; length <= KrpcReader.MaxTransactionLength; length++)
        {
            byte[] transaction = [.. Enumerable.Range(0, length).Select(i => (byte)(i * 37))];
            KrpcWriter writer = new(buffer);
            writer.BeginResponse(Id, Requester);
            writer.EndResponse(transaction, default);

            KrpcReader.TryRead(buffer.AsSpan(0, writer.Length), out KrpcMessage message, out _).ShouldBeTrue();
            message.Transaction.ToArray().ShouldBe(transaction);
        }
    }

    [Fact]
    public void The_largest_put_fits_a_query()
    {
        byte[] buffer = new byte[KrpcReader.MaxQueryLength];
        KrpcWriter writer = new(buffer);
        writer.BeginQuery(Id, long.MaxValue);
        writer.Bytes("1:k"u8, new byte[32]);
        writer.Bytes("4:salt"u8, new byte[64]);
        writer.Integer("3:seq"u8, long.MaxValue);
        writer.Bytes("3:sig"u8, new byte[64]);
        writer.Bytes("5:token"u8, new byte[KrpcReader.MaxTokenLength]);
        writer.Bytes("1:v"u8, new byte[996]);
        writer.EndQuery("put"u8, true, new byte[4], new byte[4]);

        writer.Overflowed.ShouldBeFalse();
        KrpcReader.TryRead(buffer.AsSpan(0, writer.Length), out KrpcMessage message, out _).ShouldBeTrue();
        message.Fault.ShouldBe(KrpcFault.None);
        message.Value.Length.ShouldBe(ItemSignature.MaxValueLength);
    }

    private static int WriteAll(Span<byte> buffer)
    {
        KrpcWriter writer = new(buffer);
        writer.BeginResponse(Id, Requester);
        writer.Integer("8:interval"u8, 21600);
        writer.Nodes(Contacts, ipv4: true);
        writer.Nodes(Contacts, ipv4: false);
        writer.Key("1:z"u8, Id);
        writer.Bytes("5:token"u8, "a token of 20 bytes."u8);
        writer.Raw("1:v"u8, "i1e"u8);
        writer.Values("axje.uidhtnm"u8, 6);
        writer.EndResponse("aa"u8, "KS01"u8);
        return writer.Length;
    }
}
