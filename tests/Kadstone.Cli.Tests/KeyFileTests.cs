namespace Kadstone.Cli.Tests;

public sealed class KeyFileTests(SmallNetwork network)
{
    [Fact]
    public async Task A_new_key_is_its_owners_only_and_never_overwritten()
    {
        using TemporaryFolder folder = new();
        DhtResult made = (await DhtRun.RunAsync("key", "new", folder["key"])).ShouldEndWith(0);
        made.Output.ShouldMatch("^[0-9a-f]{64}\n$");
        string text = await File.ReadAllTextAsync(folder["key"], TestContext.Current.CancellationToken);
        text.ShouldMatch("^[0-9a-f]{64}\n$");
        text.ShouldNotBe(made.Output);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(folder["key"]).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        (await DhtRun.RunAsync("key", "new", folder["key"])).ShouldEndWith(2);
        (await File.ReadAllTextAsync(folder["key"], TestContext.Current.CancellationToken)).ShouldBe(text);
        DhtResult shown = (await DhtRun.RunAsync("key", "show", folder["key"])).ShouldEndWith(0);
        shown.Output.ShouldBe(made.Output);
        shown.Error.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_that_others_can_read_is_used_with_a_warning()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        using TemporaryFolder folder = new();
        await DhtRun.RunAsync("key", "new", folder["key"]);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder["key"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        }

        DhtResult shown = (await DhtRun.RunAsync("key", "show", folder["key"])).ShouldEndWith(0);
        shown.Error.ShouldContain("warning");
        shown.Error.ShouldNotContain((await File.ReadAllTextAsync(folder["key"], TestContext.Current.CancellationToken)).Trim());
    }

    [Fact]
    public async Task A_malformed_key_is_refused_and_never_quoted()
    {
        using TemporaryFolder folder = new();
        string secret = new('a', 63);
        foreach (string text in (string[])[string.Empty, secret, secret + "g\n", secret + "aa\n", "\n" + secret + "a"])
        {
            DhtResult result = await DhtRun.RunAsync(["mainline", "put-signed", "x", "--key", folder.Write("bad", text), .. network.Here]);
            result.ShouldEndWith(2).Error.ShouldNotContain("aaaa");
        }
    }

    [Fact]
    public async Task The_seed_gives_the_public_key_of_RFC_8032()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("key", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n");
        (await DhtRun.RunAsync("key", "show", file)).Output.ShouldBe("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n");
    }
}
