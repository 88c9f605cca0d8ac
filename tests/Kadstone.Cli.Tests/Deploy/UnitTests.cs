using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kadstone.Cli.Tests.Deploy;

/// <summary>deploy/kadstone.service: that its command is one of today's, and that a daemon which may write to its folder alone can live.</summary>
public sealed partial class UnitTests
{
    private const int SIGTERM = 15;

    // What a service of one's own may not have: the public networks.
    private const string Settings = """
        { "Kadstone": { "Private": true, "Api": "127.0.0.1:0",
            "Mainline": { "Port": 0, "Addresses": "127.77.232.1", "Bootstrap": "none" },
            "Hyperswarm": { "Port": 0, "Host": "127.77.232.1", "Bootstrap": "none" },
            "Ipfs": { "Listen": "/ip4/127.77.232.1/tcp/0", "Bootstrap": "none", "Scope": "lan" } } }
        """;

    // What systemd makes of the unit's options, as far as it can be had without it: everything but the state's folder is read-only, /tmp is its own and
    // empty, no capability is left and none can be won. The last words are the unit's command.
    private const string Confined = """
        set -e
        mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/kadstone /var/lib/etc && mount --bind "$1" /var/lib/kadstone
        cp "$2" /var/lib/etc/appsettings.json
        mount -t tmpfs tmpfs /usr/local/lib && mkdir /usr/local/lib/kadstone && mount --bind "$3" /usr/local/lib/kadstone
        mount -t tmpfs -o mode=1777 tmpfs /tmp
        for place in /usr/local/lib/kadstone /usr/local/lib /var/lib /; do mount -o remount,bind,ro $place; done
        shift 3
        umask 0077
        cd /
        exec env -i HOME=/var/lib/kadstone PATH=/usr/local/bin:/usr/bin:/bin setpriv --reuid=nobody --regid=nogroup --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs "$@"
        """;

    [Fact]
    public async Task The_unit_s_command_comes_up_and_keeps_everything_in_its_state_directory()
    {
        using TemporaryFolder folder = new();
        folder.Write("appsettings.json", Settings);
        UnitFile.Command[0].ShouldBe("/usr/local/lib/kadstone/dht");
        UnitFile.Settings["StateDirectory"].ShouldBe(["kadstone"]);
        UnitFile.Command.ShouldContain("/var/lib/kadstone", "the folder that systemd makes is the one it writes to");
        string[] words = [.. UnitFile.Command[1..].Select(word => word.Replace("/etc/kadstone", folder.Path, StringComparison.Ordinal).Replace("/var/lib/kadstone", folder["state"], StringComparison.Ordinal))];
        await using DhtRun up = DhtRun.Start(words);
        await up.Output.WaitForAsync(line => line.StartsWith("ready:", StringComparison.Ordinal));
        (await up.InterruptAsync()).ShouldBe(0);
        up.Error.Text.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_configuration_that_is_wrong_ends_it_with_the_code_that_systemd_does_not_restart()
    {
        using TemporaryFolder folder = new();
        string[] words = [.. UnitFile.Command[1..].Select(word => word.Replace("/etc/kadstone", folder.Path, StringComparison.Ordinal).Replace("/var/lib/kadstone", folder["state"], StringComparison.Ordinal))];
        int exit = (await DhtRun.RunAsync(words)).Exit;
        UnitFile.Settings["RestartPreventExitStatus"].ShouldBe([$"{exit}"]);
        exit.ShouldBe(2);
    }

    [Fact]
    public async Task Confined_as_systemd_confines_it_a_daemon_is_ready_and_ends_with_0()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Only root can take rights away like systemd.");
        using TemporaryFolder folder = new();
        folder.Write("appsettings.json", Settings);
        using (Process install = Process.Start("install", ["-d", "-o", "nobody", "-g", "nogroup", "-m", "0700", folder["state"]]))
        {
            await install.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        string[] command = [.. UnitFile.Command.Select(word => word.Replace("/etc/kadstone", "/var/lib/etc", StringComparison.Ordinal))];
        ProcessStartInfo start = new("unshare", ["--mount", "--propagation", "private", "sh", "-c", Confined, "sh", folder["state"], folder["appsettings.json"], AppContext.BaseDirectory, .. command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            Task<string> complaints = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            string? line;
            do
            {
                line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
                if (line is null && (await complaints).Contains("unshare failed", StringComparison.Ordinal))
                {
                    Assert.Skip("This machine lets nobody mount.");
                }

                line.ShouldNotBeNull(line is null ? await complaints : null);
            }
            while (!line.StartsWith("ready:", StringComparison.Ordinal));

            // Who it is and what it may: no capability in any set, none to be won, and files that only it can read.
            string[] status = await File.ReadAllLinesAsync($"/proc/{process.Id}/status", TestContext.Current.CancellationToken);
            status.Single(one => one.StartsWith("Uid:", StringComparison.Ordinal)).ShouldNotContain("\t0");
            status.Where(one => one.StartsWith("Cap", StringComparison.Ordinal)).ShouldAllBe(one => one.EndsWith("\t0000000000000000", StringComparison.Ordinal));
            status.ShouldContain("NoNewPrivs:\t1");
            Kill(process.Id, SIGTERM).ShouldBe(0);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, await complaints);
            (await complaints).ShouldBeEmpty();
            FileInfo[] files = new DirectoryInfo(folder["state"]).GetFiles();
            files.Select(file => file.Name).Order(StringComparer.Ordinal).ShouldBe(["hyper.json", "key", "lock", "node.sqlite", "state.json"]);
            files.ShouldAllBe(file => OperatingSystem.IsWindows() || (File.GetUnixFileMode(file.FullName) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) == 0);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
