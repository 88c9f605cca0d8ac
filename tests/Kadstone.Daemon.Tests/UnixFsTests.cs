using System.Text;
using Kadstone.Daemon.Content;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

/// <summary>The blocks of <c>add</c> are those that Kubo and js-ipfs make: the CIDs here are theirs.</summary>
public sealed class UnixFsTests
{
    [Theory]
    [InlineData("", "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH", 6)]
    [InlineData("Plz add me!\n", "Qma4hjFTnCasJ8PVp3mZbZK5g2vGDT4LByLJ7m8ciyRFZP", 20)]
    [InlineData("should put a value to the DHT", "QmPwUfgXZFGbiri1AjwojPGFZu9wmTAV7B2D9zsKo4XQG7", 37)]
    public void A_short_file_is_one_framed_block(string content, string cid, int length)
    {
        Block block = UnixFs.Cut(Encoding.UTF8.GetBytes(content), version: 0, rawLeaves: false).ShouldHaveSingleItem();
        block.Cid.ToString().ShouldBe(cid);
        block.TotalLength.ShouldBe(length);
    }

    [Fact]
    public void With_raw_leaves_it_is_the_bytes_themselves()
    {
        Block block = UnixFs.Cut("hello"u8, version: 1, rawLeaves: true).ShouldHaveSingleItem();
        block.Cid.ShouldBe(Cid.OfRaw("hello"u8));
        block.Bytes.ShouldBe("hello"u8.ToArray());
    }

    [Fact]
    public void Nothing_and_an_empty_directory_have_their_famous_names()
    {
        UnixFs.EmptyNode.Cid.ToString().ShouldBe("QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n");
        UnixFs.EmptyDirectory.Cid.ToString().ShouldBe("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn");
    }

    [Theory]
    [InlineData(0, false, "QmWKdZuiD9zqoZFnLYbpV2Q5YhRCJWpqiVeYA8ygYEjcEe")]
    [InlineData(1, true, "bafybeicp64het67shnhxiyl3sg5mylxqop6pnqsqpfecb6pmni2ghoxzom")]
    public void A_long_file_is_cut_into_pieces_under_one_root(int version, bool rawLeaves, string root)
    {
        IReadOnlyList<Block> blocks = UnixFs.Cut(LongFile(), version, rawLeaves);
        blocks.Count.ShouldBe(4);
        blocks[^1].Cid.ToString().ShouldBe(root);
    }

    [Fact]
    public void What_a_root_links_to_is_reached_each_block_once()
    {
        BlockShelf shelf = new(8 << 20);
        IReadOnlyList<Block> blocks = UnixFs.Cut(new byte[600_000], version: 0, rawLeaves: false);
        foreach (Block block in blocks)
        {
            shelf.Add(block.Cid, block.Bytes);
        }

        // Two of the three pieces are alike.
        UnixFs.Reachable([blocks[^1].Cid, blocks[^1].Cid], shelf, 100).ShouldBe([blocks[^1].Cid, blocks[0].Cid, blocks[2].Cid]);
        UnixFs.Reachable([blocks[^1].Cid], shelf, 2).Count.ShouldBe(2);
    }

    private static byte[] LongFile() => [.. Enumerable.Range(0, 600_000).Select(at => (byte)(at % 251))];
}
