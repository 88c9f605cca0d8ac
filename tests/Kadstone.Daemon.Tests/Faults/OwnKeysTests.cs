using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Storage;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 37: one node with 10,000 keys of its own, 1,000 of them the API's publications, and 5,000 lookups that all come at once.</summary>
/// <remarks>The network is 200 real nodes in this very process, whose processor time counts as the node's. What they journal tells when each key was told.</remarks>
public sealed class OwnKeysTests
{
    // A node keeps 1,000 peers of one host at most: fewer nodes would refuse what one of them announces.
    private const int Nodes = 200;
    private const int Keys = 10_000;
    private const int Lookups = 5_000;

    private static readonly TimeSpan s_journal = TimeSpan.FromSeconds(5);

    [Fact]
    [Trait("Category", "Bars")]
    public async Task Ten_thousand_keys_are_told_in_each_interval_five_thousand_lookups_end_and_the_API_answers_meanwhile()
    {
        // As operators run it; the API's publications know no other interval.
        TimeSpan interval = new MainlineOptions().AnnounceInterval;
        ToldTimes told = new(TimeProvider.System);
        List<MainlineDht> network = [];
        for (int n = 0; n < Nodes; n++)
        {
            network.Add(await MainlineDht.CreateAsync(Here(n) with { Store = new JournalWatch(told), Bootstrap = n == 0 ? [] : [$"{network[0].LocalEndpoints[0]}"] }, cancellationToken: V1Network.Cancelled));
        }

        await using KadstoneNode node = await KadstoneNode.CreateAsync(
            new KadstoneOptions
            {
                DataFolder = null,
                Profile = KadstoneProfile.Server,
                Mainline = Here(Nodes) with { Bootstrap = [$"{network[0].LocalEndpoints[0]}"] },
            },
            cancellationToken: V1Network.Cancelled);
        Key160[] keys = [.. Enumerable.Range(0, Keys).Select(_ => Key160.Read(RandomNumberGenerator.GetBytes(20)))];
        await KeepAsync(node.Store, keys[..PublicationDesk.MaxPublications]);
        await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }, cancellationToken: V1Network.Cancelled);
        await V1Network.KnowsAsync(node);
        using HttpClient client = V1Network.ClientOf(daemon);
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(V1Network.Cancelled);
        Task<List<TimeSpan>> asking = AskAsync(client, over.Token);

        Stopwatch whole = Stopwatch.StartNew();
        TimeSpan before = Environment.CpuUsage.TotalTime;
        Advertisement[] advertised = [.. keys[PublicationDesk.MaxPublications..].Select(key => node.Mainline!.Advertise(key, 7000))];
        int once = await told.WaitAsync(rounds: 1, Keys, interval * 2);
        TimeSpan first = whole.Elapsed;

        Stopwatch lookups = Stopwatch.StartNew();
        int[] peers = await Task.WhenAll(keys[..Lookups].Select(key => Task.Run(() => CountAsync(node.Mainline!, key))));
        lookups.Stop();
        int twice = await told.WaitAsync(rounds: 2, Keys, interval * 2);
        double cores = (Environment.CpuUsage.TotalTime - before) / whole.Elapsed;
        await over.CancelAsync();
        List<TimeSpan> answers = await asking;
        answers.Sort();
        TimeSpan slow = answers[answers.Count * 99 / 100];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"bar 37: {once} of {Keys} keys told once after {first.TotalMinutes:F1} min, {twice} again at most {told.LongestGap.TotalMinutes:F1} min later (interval {interval.TotalMinutes} min), " +
            $"{peers.Count(found => found > 0)} of {Lookups} lookups found their peer ({peers.Count(found => found < 0)} did not end) within {lookups.Elapsed.TotalSeconds:F0} s, {cores:P0} of a core, " +
            $"p99 of {answers.Count} pairs of status and list {slow.TotalMilliseconds:F0} ms, p50 {answers[answers.Count / 2].TotalMilliseconds:F0} ms");
        foreach (IAsyncDisposable one in (IEnumerable<IAsyncDisposable>)[.. advertised, .. network])
        {
            await one.DisposeAsync();
        }

        (once, twice).ShouldBe((Keys, Keys));
        peers.ShouldAllBe(found => found > 0);

        // The pause between two rounds is spread by a tenth to both sides, so that keys do not come in waves; the journal is up to 5 s late.
        told.LongestGap.ShouldBeLessThan((interval * 1.1) + s_journal + s_journal);
        cores.ShouldBeLessThan(1);
        slow.ShouldBeLessThan(TimeSpan.FromMilliseconds(200));
    }

    private static MainlineOptions Here(int number) => new() { Addresses = [IPAddress.Parse($"127.76.{number + 1}.1")], Scope = AddressScope.Private };

    private static async Task KeepAsync(IRecordStore store, Key160[] keys)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        foreach (Key160 key in keys)
        {
            KeptPublication kept = new() { Id = PublicationDesk.NewId(), Network = "mainline", Kind = KeptPublication.Announcement, Key = $"{key}", Port = 7000, StartedAt = now };
            StoredRecord record = new(JsonSerializer.SerializeToUtf8Bytes(kept, V1Json.Default.KeptPublication), 1, DateTimeOffset.MaxValue, now);
            (await store.PutAsync(Shelf.DaemonPublications, Encoding.UTF8.GetBytes(kept.Id), record, cancellationToken: V1Network.Cancelled)).ShouldBe(PutResult.Stored);
        }
    }

    /// <summary>Ten times a second at most: how the node stands, and its publications, which are all listed.</summary>
    private static async Task<List<TimeSpan>> AskAsync(HttpClient client, CancellationToken over)
    {
        List<TimeSpan> answers = [];
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        while (!over.IsCancellationRequested)
        {
            long asked = Stopwatch.GetTimestamp();
            await client.GetStringAsync("/v1/status", V1Network.Cancelled);
            await client.GetStringAsync("/v1/publications", V1Network.Cancelled);
            answers.Add(Stopwatch.GetElapsedTime(asked));
            await timer.WaitForNextTickAsync(V1Network.Cancelled);
        }

        return answers;
    }

    /// <returns>How many peers were found; -1 when the lookup did not end in time.</returns>
    private static async Task<int> CountAsync(MainlineDht node, Key160 key)
    {
        int count = 0;
        try
        {
            await foreach (UdpEndpoint _ in node.GetPeersAsync(key).WithCancellation(V1Network.Cancelled))
            {
                count++;
            }
        }
        catch (DhtTimeoutException)
        {
            return -1;
        }

        return count;
    }
}
