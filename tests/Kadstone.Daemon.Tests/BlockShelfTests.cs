using Kadstone.Daemon.Content;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

public sealed class BlockShelfTests
{
    [Fact]
    public void Both_versions_of_a_CID_name_the_same_block()
    {
        BlockShelf shelf = new(1 << 20);
        Block block = UnixFs.Cut("hello"u8, version: 0, rawLeaves: false)[0];
        shelf.Add(block.Cid, block.Bytes);
        shelf.Has(block.Cid.ToVersion1()).ShouldBeTrue();
    }

    [Fact]
    public void The_oldest_goes_when_there_is_no_more_room()
    {
        BlockShelf shelf = new(3 * 1200);
        Cid[] cids = [.. Enumerable.Range(0, 4).Select(number => Fill(shelf, (byte)number))];
        cids.Select(shelf.Has).ShouldBe([false, true, true, true]);
    }

    [Fact]
    public void A_block_that_is_added_again_is_young_again_and_counted_once()
    {
        BlockShelf shelf = new(3 * 1200);
        Cid first = Fill(shelf, 0);
        Cid second = Fill(shelf, 1);
        Fill(shelf, 0);
        Fill(shelf, 2);
        shelf.Has(second).ShouldBeTrue();
        Fill(shelf, 3);
        shelf.Has(first).ShouldBeTrue();
        shelf.Has(second).ShouldBeFalse();
    }

    private static Cid Fill(BlockShelf shelf, byte content)
    {
        byte[] bytes = new byte[1000];
        bytes.AsSpan().Fill(content);
        Cid cid = Cid.OfRaw(bytes);
        shelf.Add(cid, bytes);
        return cid;
    }
}
