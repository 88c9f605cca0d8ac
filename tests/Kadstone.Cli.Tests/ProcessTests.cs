using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Kadstone.Cli.Tests;

/// <summary>The command as a process of its own: signals, and what it writes where.</summary>
public sealed partial class ProcessTests
{
    private const int SIGINT = 2;
    private const int SIGTERM = 15;

    [Theory]
    [InlineData("mainline", SIGTERM)]
    [InlineData("mainline", SIGINT)]
    [InlineData("hyper", SIGTERM)]
    [InlineData("hyper", SIGINT)]
    public async Task A_signal_ends_a_node_with_0_and_its_state_saved(string network, int signal)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals");
        Assert.SkipWhen(IsIgnoredHere(signal), $"signal {signal} is ignored by whoever started the tests, a shell's background job for instance, and so by all that they start");
        using TemporaryFolder folder = new();
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "dht.dll"), network, "node", "--host", "127.77.126.1", "--port", "0", "--private", "--state", folder["state.json"] },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        try
        {
            (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!.ShouldStartWith("listening on 127.77.126.1:");
            (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe("ready");
            Kill(process.Id, signal).ShouldBe(0);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
            File.Exists(folder["state.json"]).ShouldBeTrue();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static bool IsIgnoredHere(int signal)
    {
        const string Name = "SigIgn:";
        string? line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/self/status").FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line[Name.Length..].Trim(), 16) >> (signal - 1) & 1) != 0;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
