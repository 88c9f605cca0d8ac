using System.Text.Json;

namespace Kadstone.Libp2p.Tests.Wire;

public sealed class CidTests
{
    [Fact]
    public void Every_text_of_the_vectors_is_read_and_written()
    {
        foreach (JsonElement item in LibP2pVectors.List("cids"))
        {
            Cid cid = Cid.Parse(item.Text("text"));
            cid.Version.ShouldBe(item.GetProperty("version").GetInt32());
            cid.Codec.ShouldBe(item.GetProperty("codec").GetUInt64());
            cid.Bytes.ToArray().ShouldBe(item.Hex("bytes"));
            cid.Multihash.ToArray().ShouldBe(item.Hex("multihash"));
            cid.ToString().ShouldBe(item.Text("text"));
            Cid.TryRead(item.Hex("bytes"), out Cid? again).ShouldBeTrue();
            again.ShouldBe(cid);
            if (item.Has("base36"))
            {
                cid.ToString(MultibaseEncoding.Base36).ShouldBe(item.Text("base36"));
                cid.ToString(MultibaseEncoding.Base58Btc).ShouldBe(item.Text("base58"));
                Cid.Parse(item.Text("base36")).ShouldBe(cid);
                Cid.Parse(item.Text("base58")).ShouldBe(cid);
            }
        }
    }

    [Fact]
    public void What_others_refuse_is_refused()
    {
        foreach (JsonElement item in LibP2pVectors.List("cidsInvalid"))
        {
            Cid.TryParse(item.Text("text"), out _).ShouldBeFalse(item.Text("text"));
        }

        Should.Throw<FormatException>(() => Cid.Parse("Qm"));
    }

    [Theory]
    [InlineData(MultibaseEncoding.Base16)]
    [InlineData(MultibaseEncoding.Base16Upper)]
    [InlineData(MultibaseEncoding.Base32)]
    [InlineData(MultibaseEncoding.Base32Upper)]
    [InlineData(MultibaseEncoding.Base36)]
    [InlineData(MultibaseEncoding.Base36Upper)]
    [InlineData(MultibaseEncoding.Base58Btc)]
    [InlineData(MultibaseEncoding.Base64)]
    [InlineData(MultibaseEncoding.Base64Url)]
    public void Every_base_leads_back(MultibaseEncoding encoding)
    {
        for (int length = 0; length < 70; length++)
        {
            byte[] bytes = new byte[length];
            new Random(length).NextBytes(bytes);
            string text = Multibase.Encode(encoding, bytes);
            text[0].ShouldBe((char)encoding);
            Multibase.TryDecode(text, out MultibaseEncoding read, out byte[] back).ShouldBeTrue(text);
            read.ShouldBe(encoding);
            back.ShouldBe(bytes);
        }

        Cid cid = Cid.OfRaw("hello"u8);
        Cid.Parse(cid.ToString(encoding)).ShouldBe(cid);
    }

    [Theory]
    [InlineData("bAFKQABDUNFXHS")]
    [InlineData("bafkqabdunfxhs=")]
    [InlineData("bafkqabdunfxht")]
    [InlineData("f0155000474696e7")]
    [InlineData("f0155000474696E79")]
    [InlineData("0101")]
    [InlineData("ü")]
    [InlineData("zQmaozNR7DZHQK1ZcU9p7QdrshMvXqWK6gpu5rmrkPdT3L4")]
    public void A_second_text_of_the_same_bytes_is_refused(string text) => Cid.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void The_versions_of_one_content_differ_and_share_their_multihash()
    {
        Cid plain = Cid.Parse(LibP2pVectors.List("cids")[0].Text("text"));
        Cid one = plain.ToVersion1();
        one.ToString().ShouldBe(LibP2pVectors.List("cids")[1].Text("text"));
        (one == plain).ShouldBeFalse();
        one.Multihash.ToArray().ShouldBe(plain.Multihash.ToArray());
        one.ToVersion1().ShouldBeSameAs(one);
        new HashSet<Cid> { plain, one, Cid.Parse(one.ToString()) }.Count.ShouldBe(2);
    }

    [Fact]
    public void A_digest_longer_than_any_function_makes_is_refused()
    {
        Multihash.IsWhole(Multihash.OfIdentity(new byte[128])).ShouldBeTrue();
        Should.Throw<ArgumentException>(() => Multihash.OfIdentity(new byte[129]));
        Multihash.IsWhole([0, 0x81, 1, .. new byte[129]]).ShouldBeFalse();
        Multihash.IsWhole([0x12, 31, .. new byte[31]]).ShouldBeFalse("SHA-256 has 32 bytes");
    }
}
