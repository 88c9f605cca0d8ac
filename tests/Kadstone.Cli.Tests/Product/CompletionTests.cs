using System.Diagnostics;

namespace Kadstone.Cli.Tests.Product;

public sealed class CompletionTests
{
    [Theory]
    [InlineData("dht st", "status")]
    [InlineData("dht mainline pe", "peers")]
    [InlineData("dht bt pe", "peers")]
    [InlineData("dht ipfs name ", "publish resolve")]
    [InlineData("dht records ", "count export gc ls show")]
    [InlineData("dht status --wa", "--watch")]
    [InlineData("dht status -o ", "json text")]
    [InlineData("dht status --watch --output j", "json")]
    [InlineData("dht completion ", "bash fish zsh")]
    [InlineData("dht devnet 10 --wire ", "gen1 ipfs mainline v6")]
    [InlineData("dht check --timeout ", "")]
    [InlineData("dht trace last --network h", "hyperswarm")]
    public async Task Bash_completes(string line, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no bash");
        using TemporaryFolder folder = new();
        string script = folder.Write("dht.bash", (await DhtRun.RunAsync("completion", "bash")).ShouldEndWith(0).Output);
        string[] words = line.Split(' ');
        string test = $"""
            source {script}
            COMP_WORDS=({string.Join(' ', words.Select(word => $"'{word}'"))})
            COMP_CWORD={words.Length - 1}
            _dht
            printf '%s\n' "${"{COMPREPLY[@]}"}" | sort | paste -sd' '
            """;
        (await RunAsync("bash", "-euc", test)).Trim().ShouldBe(expected);
    }

    [Fact]
    public async Task Bash_completes_files_where_a_file_is_meant()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no bash");
        using TemporaryFolder folder = new();
        string script = folder.Write("dht.bash", (await DhtRun.RunAsync("completion", "bash")).Output);
        folder.Write("me.key", "");
        string found = await RunAsync("bash", "-euc", $"source {script}; COMP_WORDS=(dht mainline put --key {folder["me"]}); COMP_CWORD=4; _dht; echo \"${{COMPREPLY[@]}}\"");
        found.Trim().ShouldBe(folder["me.key"]);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task Each_shell_s_script_knows_every_verb_and_is_taken_by_the_shell(string shell)
    {
        string script = (await DhtRun.RunAsync("completion", shell)).ShouldEndWith(0).Output;
        foreach (string verb in HelpTests.Verbs.Select(row => row.Data))
        {
            script.ShouldContain($"dht {verb}");
        }

        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, shell))), $"{shell} is not installed");
        using TemporaryFolder folder = new();
        await RunAsync(shell, "-n", folder.Write("script", script));
    }

    [Fact]
    public async Task Another_shell_is_2() =>
        (await DhtRun.RunAsync("completion", "tcsh")).ShouldEndWith(2).Error.ShouldContain("bash, zsh and fish are");

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        return output;
    }
}
