using System.Diagnostics;
using System.Text.Json;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The samples run as they are printed.</summary>
public sealed class SamplesTests
{
    [Fact]
    public async Task Two_peers_meet_and_the_node_comes_back()
    {
        (int exitCode, string output) = await RunAsync("MainlineRendezvous");
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        exitCode.ShouldBe(0, output);
        lines.Length.ShouldBe(8, output);
        lines[0].ShouldMatch("^created [0-9a-f]{40} on port [1-9][0-9]*$");
        lines[1].ShouldMatch("^connected to [0-9a-f]{40}, whose id we knew$");
        lines[2].ShouldMatch("^connected to [0-9a-f]{40}, whose id we learnt$");
        lines[3].ShouldMatch("^advertised at [1-9] nodes$");
        lines[4].ShouldBe("found 127.0.0.1:4242 for 8ac3731ad4b039c05393b5404afa6e7397810b41");
        lines[5].ShouldMatch("^saved [1-9] contacts$");
        lines[6].ShouldMatch("^created [0-9a-f]{40} again, with [1-9] contacts$");
        lines[6].ShouldStartWith(string.Join(' ', lines[0].Split(' ').Take(2)), Case.Sensitive, "the node that comes back has the id of the one that was saved");
        lines[7].ShouldBe("closed");
    }

    [Fact]
    public async Task A_hundred_nodes_store_a_value_and_a_wrong_one_is_rejected()
    {
        (int exitCode, string output) = await RunAsync("RpcKeyValue");
        exitCode.ShouldBe(0, output);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ShouldBe(
        [
            "100 nodes",
            "inserted 31495bf26fa95f966b233399d2697a7fbb12b8f5ca1a46e9f755a10ad196a896 at 20 nodes",
            "found 'hello from the hash table', and 1 wrong value rejected",
            "closed",
        ]);
    }

    [Fact]
    public async Task Two_peers_of_a_topic_meet_on_both_wires()
    {
        (int exitCode, string output) = await RunAsync("HyperRendezvous");
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        exitCode.ShouldBe(0, output);
        lines.Length.ShouldBe(5, output);
        lines[0].ShouldBe("first generation: found 127.0.0.1:10000");
        lines[1].ShouldBe("first generation: 0 peers after it was taken back");
        lines[2].ShouldMatch("^today's wire: found 127.0.0.1:10000 of [0-9a-f]{64}$");
        lines[3].ShouldBe("today's wire: 0 peers after it was taken back");
        lines[4].ShouldBe($"b signs with {lines[2][^64..]}");
    }

    [Fact]
    public async Task A_web_application_has_a_node_in_it()
    {
        (int exitCode, string output) = await RunAsync("HostedNode");
        exitCode.ShouldBe(0, output);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ShouldBe(
        [
            "announced at 1 nodes",
            "found [\"127.0.0.1:4242\"]",
            "reachable: Healthy",
            "kadstone_routing_table_contacts{kadstone_network=\"mainline\"} 1",
            "closed",
        ]);
    }

    [Fact]
    public async Task A_relay_gives_the_record_that_it_was_given_and_ends_at_Enter()
    {
        // A record of did:dht, with the key of RFC 8032's first test.
        const string Key = "47pjoycnsrfmxikm95jh13y88e8qnhzu5kungjpxyepgt7a8krpy";
        string path = Repository.Absolute("tests/Kadstone.Daemon.Tests/Vectors/pkarr.json");
        using JsonDocument vectors = JsonDocument.Parse(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        byte[] payload = Convert.FromHexString(vectors.RootElement.GetProperty("packets").EnumerateArray()
            .Single(packet => packet.GetProperty("name").GetString() == "did-dht").GetProperty("payload").GetString()!);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(25));
        using Process process = Start("PkarrRelay");
        try
        {
            string first = await process.StandardOutput.ReadLineAsync(patience.Token) ?? await process.StandardError.ReadToEndAsync(patience.Token);
            first.ShouldMatch("^http://127.0.0.1:[0-9]+/KEY, until Enter$");
            string url = first.Replace("KEY, until Enter", Key, StringComparison.Ordinal);
            using HttpClient client = new();
            using HttpResponseMessage put = await client.PutAsync(url, new ByteArrayContent(payload), patience.Token);
            put.StatusCode.ShouldBe(System.Net.HttpStatusCode.NoContent);
            (await client.GetByteArrayAsync(url, patience.Token)).ShouldBe(payload);
            await process.StandardInput.WriteLineAsync();
            await process.StandardInput.FlushAsync(patience.Token);
            (await process.StandardOutput.ReadToEndAsync(patience.Token)).Trim().ShouldBe("kept 1 packets");
            await process.WaitForExitAsync(patience.Token);
            process.ExitCode.ShouldBe(0);
        }
        finally
        {
            End(process);
        }
    }

    private static Process Start(string sample) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, sample + ".dll")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        }) ?? throw new InvalidOperationException($"dotnet {sample}.dll did not start");

    private static void End(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string sample)
    {
        using Process process = Start(sample);
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(25));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            End(process);
        }
    }
}
