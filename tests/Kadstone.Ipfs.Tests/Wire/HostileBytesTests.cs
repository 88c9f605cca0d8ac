using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Tests.Facade;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Wire;

/// <summary>Whatever arrives, a codec reads it or does not: it does not throw or hang, and what it keeps is in proportion to what came.</summary>
public sealed class HostileBytesTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Kad_messages() => HostileBytes.Feed(
        3201,
        LibP2pVectors.List("kad").Select(vector => vector.Hex("bytes")),
        message => KadMessage.TryRead(message) is KadMessage read && Check(KadMessage.TryRead(read.Encode()) is not null, "what was read is written so that it is read again"));

    [Fact]
    public void Signed_data_of_names() => HostileBytes.Feed(3202, [IpnsDataOf("/ipfs/bafkqaaa"), IpnsDataOf("")], message =>
    {
        IpnsData? data = IpnsData.TryRead(message);
        return data is not null && Check(IpnsData.TryRead(data.Encode()) is IpnsData again && again.Sequence == data.Sequence && again.Value.Span.SequenceEqual(data.Value.Span), "the same data");
    });

    [Fact]
    public void Records_of_names()
    {
        // Those of which a bend leaves the signed part as it was are read; nothing else may come out of them than went in.
        System.Text.Json.JsonElement vector = LibP2pVectors.Named("ipns", "valid_v2_only");
        byte[] key = vector.Hex("routingKey");
        byte[] whole = vector.Hex("bytes");
        IpnsEntry origin = IpnsValidator.Open(key, whole).ShouldNotBeNull();
        HostileBytes.Feed(
            3203,
            [whole, IpnsEntry.Create(Peers.Key(1), "/ipfs/bafkqaaa", 1, Rfc3339Time.From(s_now), TimeSpan.FromMinutes(1))],
            message =>
            {
                IpnsEntry? entry = IpnsValidator.Open(key, message);
                return entry is not null && Check(entry.CompareTo(origin) == 0 && entry.Data.Value.Span.SequenceEqual(origin.Data.Value.Span), "a forgery");
            },
            count: HostileBytes.Count / 10);
    }

    [Fact]
    public void Answers_of_those_that_dial_back()
    {
        byte[] reached = [0x08, 1, 0x1A, 4, 0x08, 0, 0x12, 0];
        byte[] refused = [0x08, 1, 0x1A, 5, 0x08, 0xAC, 0x02, 0x12, 0];
        HostileBytes.Feed(3204, [reached, refused, DialBackMessage.Encode(Peers.Id(1), [Peers.Address(1), Peers.Address(2)])], message => DialBackMessage.TryRead(message) is not null);
    }

    [Fact]
    public void Answers_of_name_servers()
    {
        byte[] question = DnsText.Question(7, "_dnsaddr.example.test").ShouldNotBeNull();
        byte[][] answers = [NameServer.Answer(question, ["dnsaddr=/ip4/1.2.3.4/tcp/4001", new string('x', 250)]), NameServer.Answer(question, [.. Enumerable.Repeat("a", 70)])];
        HostileBytes.Feed(3205, answers, message =>
        {
            bool isRead = DnsText.TryRead(message, question, out IReadOnlyList<string> texts);
            return Check(texts.Count <= DnsText.MaxTexts, "no more texts than are wanted") && isRead;
        });
    }

    [Fact]
    public void Times()
    {
        byte[][] texts = [.. new[] { "2026-11-20T12:00:00Z", "0001-01-01T00:00:00.000000001+23:59", "9999-12-31T23:59:59.999999999-23:59" }.Select(System.Text.Encoding.ASCII.GetBytes)];
        HostileBytes.Feed(3206, texts, message =>
        {
            bool isRead = Rfc3339Time.TryParse(message, out Rfc3339Time time);
            return isRead && Check(Rfc3339Time.TryParse(System.Text.Encoding.ASCII.GetBytes(time.ToString()), out Rfc3339Time again) && again == time, "the same time");
        });
    }

    private static byte[] IpnsDataOf(string value) =>
        new IpnsData(System.Text.Encoding.UTF8.GetBytes(value), System.Text.Encoding.ASCII.GetBytes(Rfc3339Time.From(s_now).ToString()), 0, 7, 300_000_000_000).Encode();

    private static bool Check(bool condition, string what) => condition ? true : throw new InvalidOperationException(what);
}
