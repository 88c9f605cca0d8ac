using Kadstone.Daemon.Pkarr.Dns;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>DNS messages of people, and of nobody's friends.</summary>
public sealed class DnsMessageTests
{
    private const string Key = "yqooxx9u3aemh8mo5wcqq16yufu6jitouq1o4za751dger1igghy";

    [Theory]
    [InlineData("A", "192.0.2.1", "192.0.2.1")]
    [InlineData("AAAA", "2001:DB8::1", "2001:db8::1")]
    [InlineData("CNAME", "example.com.", "example.com")]
    [InlineData("NS", "ns1.example.com", "ns1.example.com")]
    [InlineData("TXT", "", "\"\"")]
    [InlineData("TXT", "a \"b\" \\ ü", "\"a \\\"b\\\" \\\\ \\195\\188\"")]
    [InlineData("SVCB", "1 .", "1 .")]
    [InlineData("HTTPS", "16 host.example port=8443 alpn=h2,h3 ipv6hint=2001:db8::1 ipv4hint=192.0.2.1,192.0.2.2", "16 host.example alpn=h2,h3 port=8443 ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=2001:db8::1")]
    public void What_people_write_comes_back(string type, string given, string shown)
    {
        DnsType known = Enum.Parse<DnsType>(type);
        DnsRecord record = new($"x.{Key}", known, DnsRecord.Internet, 60, DnsContent.Parse(known, given));
        DnsMessage.TryRead(DnsMessage.Write([record]), out IReadOnlyList<DnsRecord>? read).ShouldBeTrue();
        read.ShouldHaveSingleItem().Name.ShouldBe(record.Name);
        DnsContent.ToText(read[0]).ShouldBe(shown);
    }

    [Theory]
    [InlineData("A", "2001:db8::1")]
    [InlineData("A", "nowhere")]
    [InlineData("AAAA", "192.0.2.1")]
    [InlineData("CNAME", "a..b")]
    [InlineData("SVCB", "1")]
    [InlineData("SVCB", "x .")]
    [InlineData("HTTPS", "1 . port=65536")]
    [InlineData("HTTPS", "1 . port=1 port=2")]
    [InlineData("HTTPS", "1 . ech=AA")]
    [InlineData("HTTPS", "1 . alpn=")]
    public void What_is_none_is_said(string type, string given) => Should.Throw<FormatException>(() => DnsContent.Parse(Enum.Parse<DnsType>(type), given));

    [Fact]
    public void A_long_text_is_cut_into_strings() =>
        DnsContent.Strings(DnsContent.Parse(DnsType.TXT, new string('x', 300))).Select(part => part.Length).ShouldBe([255, 45]);

    [Fact]
    public void Names_are_compressed_where_they_may_be()
    {
        byte[] target = DnsName.ToWire($"www.{Key}");
        int plain = DnsMessage.Write([new DnsRecord(Key, DnsType.SVCB, 1, 1, (byte[])[0, 1, .. target])]).Length;
        int compressed = DnsMessage.Write([new DnsRecord(Key, DnsType.CNAME, 1, 1, target)]).Length;

        // Of the target's 59 bytes a label and a pointer are left: only where RFC 9460 does not forbid it.
        (plain - compressed).ShouldBe(2 + 54 - 2);
    }

    [Fact]
    public void A_type_that_is_not_known_passes_as_it_is()
    {
        DnsMessage.TryRead(DnsMessage.Write([new DnsRecord("x", (DnsType)99, 1, 1, (byte[])[1, 2, 3])]), out IReadOnlyList<DnsRecord>? read).ShouldBeTrue();
        read.ShouldHaveSingleItem().TypeText.ShouldBe("TYPE99");
        DnsContent.ToText(read[0]).ShouldBe("\\# 3 010203");
    }

    [Theory]
    [InlineData("", "shorter than a head")]
    [InlineData("000080000000ffff00000000", "65,535 answers in no bytes")]
    [InlineData("00008000000100000000000000000100", "a question that is a byte short")]
    [InlineData("000080000000000100000000c00c00010001000000000004c0000201", "a pointer to itself")]
    [InlineData("000080000000000100000000c01000010001000000000004c0000201", "a pointer ahead")]
    [InlineData("00008000000000010000000001", "a label without its letters")]
    [InlineData("0000800000000001000000004078000100010000000000040c000201", "a label of a kind that does not exist")]
    [InlineData("000080000000000100000000000001000100000000000510111213ff", "an address of five bytes")]
    [InlineData("0000800000000001000000000000100001000000000002ff41", "a text longer than its record")]
    [InlineData("0000800000000001000000000000410001000000000008000100000100ff41", "a parameter longer than its record")]
    [InlineData("000080000000000100000000000005000100000000000401410042", "bytes behind a target")]
    public void What_is_not_whole_is_no_message(string hex, string why) => DnsMessage.TryRead(Convert.FromHexString(hex), out _).ShouldBeFalse(why);

    [Fact]
    public void A_name_of_256_bytes_is_too_long_however_it_is_put_together()
    {
        // Four labels of 63 letters, each a pointer away from the next.
        List<byte> message = [0, 0, 0x80, 0, 0, 0, 0, 2, 0, 0, 0, 0];
        int first = message.Count;
        for (int label = 0; label < 3; label++)
        {
            message.AddRange([63, .. Enumerable.Repeat((byte)'x', 63)]);
        }

        message.AddRange([0, 0, 99, 0, 1, 0, 0, 0, 0, 0, 0]);
        byte[] second = [63, .. Enumerable.Repeat((byte)'y', 63), 0xC0, (byte)first, 0, 99, 0, 1, 0, 0, 0, 0, 0, 0];
        DnsMessage.TryRead([.. message, .. second], out _).ShouldBeFalse();
        byte[] shorter = [61, .. second[1..62], .. second[64..]];
        DnsMessage.TryRead([.. message, .. shorter], out IReadOnlyList<DnsRecord>? read).ShouldBeTrue();
        read[1].Name.Length.ShouldBe(253);
    }

    [Fact]
    public void No_bent_message_throws()
    {
        int accepted = 0;
        int refused = 0;
        foreach (byte[] message in PkarrVectors.List("packets").Select(packet => packet.Hex("v")).Where(message => message.Length < 600))
        {
            foreach (byte[] bent in Enumerable.Range(0, message.Length).Select(length => message[..length]).Concat(Enumerable.Range(0, message.Length * 8).Select(bit => Flipped(message, bit))))
            {
                if (DnsMessage.TryRead(bent, out IReadOnlyList<DnsRecord>? records))
                {
                    accepted++;
                    _ = records.Sum(record => record.Name.Length + DnsContent.ToText(record).Length);
                }
                else
                {
                    refused++;
                }
            }
        }

        // Both ways were taken.
        accepted.ShouldBeGreaterThan(1000);
        refused.ShouldBeGreaterThan(1000);
    }

    private static byte[] Flipped(byte[] message, int bit)
    {
        byte[] bent = [.. message];
        bent[bit / 8] ^= (byte)(1 << (bit % 8));
        return bent;
    }
}
