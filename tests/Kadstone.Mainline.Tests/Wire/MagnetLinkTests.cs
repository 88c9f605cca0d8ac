using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

public sealed class MagnetLinkTests
{
    private const string Hash = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a";
    private const string Hash2 = "cdb1b5d35a1f2b3c4d5e6f708192a3b4c5d6e7f8090a1b2c3d4e5f6071829304";
    private const string Key = "8543d3e6115f0f98c944077a4493dcd543e49c739fd998550a1f614ab36ed63e";

    [Theory]
    [InlineData("magnet:?xt=urn:btih:" + Hash)]
    [InlineData("MAGNET:?XT=URN:BTIH:C12FE1C06BBA254A9DC9F519B335AA7C1367A88A")]
    [InlineData("magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKEK")]
    [InlineData("magnet:?dn=x&xt=urn%3Abtih%3A" + Hash + "&tr=udp%3A%2F%2Ftracker")]
    [InlineData("magnet:?xt.1=urn:btih:" + Hash + "&xt.2=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C")]
    public void An_infohash_is_read_in_every_common_form(string text) =>
        MagnetLink.Parse(text).InfoHash.ToString().ShouldBe(Hash);

    [Fact]
    public void A_hybrid_torrent_has_two_keys_and_the_second_is_cut_to_twenty_bytes()
    {
        MagnetLink link = MagnetLink.Parse($"magnet:?xt=urn:btih:{Hash}&xt=urn:btmh:1220{Hash2}&dn=a%20film");

        link.InfoHash.ToString().ShouldBe(Hash);
        link.InfoHashV2.ToString().ShouldBe(Hash2[..40]);
        link.Name.ShouldBe("a film");
        link.ItemKey.ShouldBeNull();
    }

    [Fact]
    public void A_public_key_and_a_salt_are_read()
    {
        MagnetLink link = MagnetLink.Parse($"magnet:?xs=urn:btpk:{Key}&s=6e00ff");

        link.PublicKey.ToArray().ShouldBe(Convert.FromHexString(Key));
        link.Salt.ToArray().ShouldBe(new byte[] { 0x6e, 0, 0xff });
        link.InfoHash.ShouldBeNull();
        link.ItemKey.ShouldBe(ItemTarget.Mutable(Convert.FromHexString(Key), [0x6e, 0, 0xff]));
    }

    [Fact]
    public void Of_two_infohashes_the_first_counts() =>
        MagnetLink.Parse($"magnet:?xt=urn:btih:{Hash}&xt=urn:btih:{new string('0', 40)}").InfoHash.ToString().ShouldBe(Hash);

    [Theory]
    [InlineData(null, "begins with")]
    [InlineData("", "begins with")]
    [InlineData("http://example.org", "begins with")]
    [InlineData("magnet:?", "names no torrent")]
    [InlineData("magnet:?&&=&xt&xt=", "names no torrent")]
    [InlineData("magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C", "names no torrent")]
    [InlineData("magnet:?xt=urn:btih:c12f", "40 hexadecimal or 32 base32")]
    [InlineData("magnet:?xt=urn:btih:YEX6DQDLXISUVHOJ6UM3GNNKPQJWPKE1", "40 hexadecimal or 32 base32")]
    [InlineData("magnet:?xt=urn:btih:" + Hash + "0", "40 hexadecimal or 32 base32")]
    [InlineData("magnet:?xt=urn:btmh:1220" + Hash, "1220 and 64 hexadecimal")]
    [InlineData("magnet:?xt=urn:btmh:1120" + Hash2, "1220 and 64 hexadecimal")]
    [InlineData("magnet:?xs=urn:btpk:" + Hash, "64 hexadecimal digits")]
    [InlineData("magnet:?xs=urn:btpk:" + Key + "&s=6", "salt")]
    [InlineData("magnet:?xs=urn:btpk:" + Key + "&s=zz", "salt")]
    [InlineData("magnet:?xt=urn:btih:" + Hash + "&s=6e", "no public key")]
    public void A_bad_link_is_refused_with_a_reason(string? text, string reason)
    {
        MagnetLink.TryParse(text, out MagnetLink? link, out string? error).ShouldBeFalse();

        link.ShouldBeNull();
        error.ShouldContain(reason);
    }

    [Fact]
    public void A_salt_longer_than_64_bytes_is_refused() =>
        Should.Throw<FormatException>(() => MagnetLink.Parse($"magnet:?xs=urn:btpk:{Key}&s={new string('0', 130)}"));

    [Fact]
    public void No_text_makes_the_reader_throw()
    {
        const string Alphabet = "magnet:?xt=urn:btihmpk&s.1220%ABCDEFabcdef+ \0\u00e9\ud83d";
        const int Seed = 20260;
        Random chance = new(Seed);
        string[] seeds = [$"magnet:?xt=urn:btih:{Hash}", $"magnet:?xs=urn:btpk:{Key}&s=6e", $"magnet:?xt=urn:btmh:1220{Hash2}"];
        for (int i = 0; i < HostileBytes.Count; i++)
        {
            char[] text = seeds[chance.Next(seeds.Length)].ToCharArray();
            for (int edits = chance.Next(4); edits >= 0; edits--)
            {
                text[chance.Next(8, text.Length)] = Alphabet[chance.Next(Alphabet.Length)];
            }

            string link = new(text, 0, chance.Next(text.Length + 1));
            try
            {
                _ = MagnetLink.TryParse(link, out _, out _);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {Seed}, link {i}: {link}", exception);
            }
        }
    }
}
