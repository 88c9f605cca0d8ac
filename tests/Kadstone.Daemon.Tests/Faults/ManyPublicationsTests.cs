using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Publishing;
using Kadstone.Hosting;
using Kadstone.Storage;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 37 as far as the API goes, which keeps a thousand publications and not ten: after a restart all are told again, and the API answers meanwhile.</summary>
[Collection(nameof(V1Network))]
public sealed class ManyPublicationsTests(V1Network network)
{
    [Fact]
    [Trait("Category", "Bars")]
    public async Task A_thousand_publications_are_told_within_their_interval_and_the_API_answers_meanwhile()
    {
        KadstoneOptions options = network.Options();
        (options.Hyperswarm, options.Ipfs) = (null, null);
        options.Mainline = options.Mainline! with { Addresses = [IPAddress.Parse("127.78.20.1")] };
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        for (int n = 0; n < PublicationDesk.MaxPublications; n++)
        {
            KeptPublication kept = new() { Id = PublicationDesk.NewId(), Network = "mainline", Kind = KeptPublication.Announcement, Key = V1Network.NewKey(20), Port = 7000, StartedAt = now };
            StoredRecord record = new(JsonSerializer.SerializeToUtf8Bytes(kept, V1Json.Default.KeptPublication), 1, DateTimeOffset.MaxValue, now);
            (await node.Store.PutAsync(Shelf.DaemonPublications, Encoding.UTF8.GetBytes(kept.Id), record, cancellationToken: V1Network.Cancelled)).ShouldBe(PutResult.Stored);
        }

        await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }, cancellationToken: V1Network.Cancelled);
        using HttpClient client = V1Network.ClientOf(daemon);
        long began = Stopwatch.GetTimestamp();
        TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
        List<TimeSpan> answers = [];
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        int told;
        do
        {
            long asked = Stopwatch.GetTimestamp();
            await client.GetStringAsync("/v1/status", V1Network.Cancelled);
            using JsonDocument listed = JsonDocument.Parse(await client.GetStringAsync("/v1/publications", V1Network.Cancelled));
            answers.Add(Stopwatch.GetElapsedTime(asked));
            told = listed.RootElement.GetProperty("publications").EnumerateArray().Count(one => one.GetProperty("acknowledged").GetInt32() > 0);
            await timer.WaitForNextTickAsync(V1Network.Cancelled);
        }
        while (told < PublicationDesk.MaxPublications && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(15));

        TimeSpan elapsed = Stopwatch.GetElapsedTime(began);
        double cores = (Process.GetCurrentProcess().TotalProcessorTime - before) / elapsed;
        answers.Sort();
        TimeSpan slow = answers[answers.Count * 99 / 100];
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"bar 37: {told} of {PublicationDesk.MaxPublications} publications told within {elapsed.TotalSeconds:F0} s, {cores:P0} of a core, p99 of {answers.Count} pairs of status and list {slow.TotalMilliseconds:F0} ms");
        told.ShouldBe(PublicationDesk.MaxPublications);
        cores.ShouldBeLessThan(1);
        slow.ShouldBeLessThan(TimeSpan.FromMilliseconds(200));
    }
}
