using System.Text;
using System.Text.Json;

namespace Kadstone.Cli.Tests;

public sealed class ItemTests(SmallNetwork network)
{
    [Fact]
    public async Task A_text_comes_back()
    {
        DhtResult put = (await DhtRun.RunAsync(["mainline", "put", "Grüße", .. network.Here])).ShouldEndWith(0);
        put.Lines[0].ShouldMatch("^[0-9a-f]{40}$");
        put.Lines[1].ShouldMatch("^stored at [1-8] nodes$");
        (await DhtRun.RunAsync(["mainline", "get", put.Lines[0], .. network.Here])).ShouldEndWith(0).Output.ShouldBe("Grüße\n");
        (await DhtRun.RunAsync(["mainline", "get", put.Lines[0], "--raw", .. network.Here])).ShouldEndWith(0).Output.ShouldBe("Grüße");
    }

    [Fact]
    public async Task The_value_of_BEP_44_has_its_target()
    {
        DhtResult put = await DhtRun.RunAsync(["mainline", "put", "12:Hello World!", "--bencoded", .. network.Here]);
        put.ShouldEndWith(0).Lines[0].ShouldBe("e5f96f6f38320f0f33959cb4d3d656452117aadb");
    }

    [Fact]
    public async Task A_file_and_standard_input_are_values_too()
    {
        using TemporaryFolder folder = new();
        DhtResult file = await DhtRun.RunAsync(["mainline", "put", "@" + folder.Write("letter", "same"), .. network.Here]);
        DhtResult input = await DhtRun.RunAsync("same", ["mainline", "put", "-", .. network.Here]);
        input.ShouldEndWith(0).Lines[0].ShouldBe(file.ShouldEndWith(0).Lines[0]);
    }

    [Fact]
    public async Task A_signed_item_is_found_by_key_salt_and_link_and_replaced()
    {
        using TemporaryFolder folder = new();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        string[] put = ["mainline", "put-signed", "--key", folder["key"], "--salt", "hex:626c6f67", .. network.Here];
        (await DhtRun.RunAsync([.. put, "one"])).ShouldEndWith(0).Output.ShouldContain("seq 1\n");
        (await DhtRun.RunAsync([.. put, "two"])).ShouldEndWith(0).Output.ShouldContain("seq 2\n");
        (await DhtRun.RunAsync(["mainline", "get", "--public-key", publicKey, "--salt", "blog", .. network.Here])).Output.ShouldBe("two\n");
        (await DhtRun.RunAsync(["mainline", "get", publicKey, "--salt", "blog", .. network.Here])).Output.ShouldBe("two\n");
        (await DhtRun.RunAsync(["mainline", "get", $"magnet:?xs=urn:btpk:{publicKey}&s=626c6f67", .. network.Here])).Output.ShouldBe("two\n");
        (await DhtRun.RunAsync(["mainline", "get", publicKey, .. network.Here])).ShouldEndWith(3);
    }

    [Fact]
    public async Task A_link_by_public_key_leads_to_the_peers_of_its_torrent()
    {
        using TemporaryFolder folder = new();
        string infoHash = SmallNetwork.NewInfoHash();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        await using MemoryStream pointer = new();
        pointer.Write("d2:ih20:"u8);
        pointer.Write(Convert.FromHexString(infoHash));
        pointer.Write("e"u8);
        await File.WriteAllBytesAsync(folder["pointer"], pointer.ToArray(), TestContext.Current.CancellationToken);
        (await DhtRun.RunAsync(["mainline", "put-signed", "@" + folder["pointer"], "--bencoded", "--key", folder["key"], .. network.Here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["mainline", "announce", infoHash, "--peer-port", "777", .. network.Here])).ShouldEndWith(0);
        (await DhtRun.RunAsync(["mainline", "peers", $"magnet:?xs=urn:btpk:{publicKey}", .. network.Here])).ShouldEndWith(0).Output.ShouldBe("127.0.0.1:777\n");
    }

    [Fact]
    public void Text_of_strangers_does_not_command_the_terminal() => Terminal.Clean("a\e[2Jb\u009bc\td\n").ShouldBe("a\uFFFD[2Jb\uFFFDc\td\n");

    [Fact]
    public async Task Json_tells_all_of_an_item()
    {
        using TemporaryFolder folder = new();
        string publicKey = (await DhtRun.RunAsync("key", "new", folder["key"])).Lines[0];
        JsonElement put = (await DhtRun.RunAsync(["mainline", "put", "\u00ff\n\"", "--key", folder["key"], "--seq", "9", "-o", "json", .. network.Here])).Json.ShouldHaveSingleItem();
        put.GetProperty("seq").GetInt64().ShouldBe(9);
        put.GetProperty("public_key").GetString().ShouldBe(publicKey);
        JsonElement item = (await DhtRun.RunAsync(["mainline", "get", publicKey, "-o", "json", .. network.Here])).Json.ShouldHaveSingleItem();
        item.GetProperty("value").GetString().ShouldBe("\u00ff\n\"");
        item.GetProperty("value_hex").GetString().ShouldBe(Convert.ToHexStringLower(Encoding.UTF8.GetBytes("\u00ff\n\"")));
        item.GetProperty("seq").GetInt64().ShouldBe(9);
        item.GetProperty("mutable").GetBoolean().ShouldBeTrue();

        // A holder that is later than the lookup waits is not counted.
        item.GetProperty("copies").GetInt32().ShouldBeInRange(1, put.GetProperty("stored").GetInt32());
    }
}
