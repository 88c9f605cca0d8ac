using System.Net;
using System.Text.Json;
using Kadstone.Daemon.Pkarr;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Mainline;
using Kadstone.Storage;
using Kadstone.Tests;

namespace Kadstone.Daemon.Tests.Pkarr;

/// <summary>A daemon that ends and comes back, as operators run it: with SQLite in its data folder.</summary>
public sealed class PkarrRestartTests : IDisposable
{
    private const int Packets = 5;
    private const int Holders = 2;

    private readonly string _folder = Directory.CreateTempSubdirectory("kadstone-").FullName;
    private readonly ShiftedTimeProvider _time = new();
    private int _lives;

    [Fact]
    public async Task After_a_restart_it_goes_on_republishing_what_it_was_given_with_the_counts()
    {
        PkarrPacket[] packets = [.. Enumerable.Range(0, Packets).Select(n => PkarrSwarm.Packet(text: $"packet {n}"))];
        JsonElement[] before = [];
        await RunAsync(async life =>
        {
            foreach (PkarrPacket packet in packets)
            {
                (await life.Gateway.RelayAsync(HttpMethod.Put, packet.Key.Text, packet.ToPayload())).ShouldBe(HttpStatusCode.NoContent).Header("Pkarr-Dht-Stored-Nodes").ShouldBe($"{Holders}");
            }

            before = await life.KeptAsync();
        });
        before.Select(KeyOf).ShouldBe(packets.Select(packet => packet.Key.Text).Order(StringComparer.Ordinal));
        before.ShouldAllBe(kept => kept.GetProperty("acknowledged").GetInt32() == Holders);

        // Another network, which has none of them, so that whoever finds one there finds what was put again.
        await RunAsync(async life =>
        {
            JsonElement[] after = await life.KeptAsync();
            after.Select(KeyOf).ShouldBe(before.Select(KeyOf));
            after.ShouldAllBe(kept => kept.GetProperty("acknowledged").GetInt32() == Holders);
            after.Zip(before).ShouldAllBe(pair => (TimeOf(pair.First) - TimeOf(pair.Second)).Duration() < TimeSpan.FromMilliseconds(1));
            foreach (PkarrPacket packet in packets)
            {
                (await life.Gateway.RelayAsync(HttpMethod.Get, $"{packet.Key}?policy=CacheOnly", null)).ShouldBe(HttpStatusCode.OK).Body.ShouldBe(packet.ToPayload());
                (await life.Stranger.GetMutableAsync(packet.Key.Bytes, cancellationToken: V1Network.Cancelled)).ShouldBeNull();
            }

            // An hour and the tenth that a round may be late.
            DateTimeOffset restart = _time.GetUtcNow();
            _time.Advance(TimeSpan.FromMinutes(67));
            using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(50));
            while ((await life.KeptAsync()).Any(kept => TimeOf(kept) <= restart))
            {
                await timer.WaitForNextTickAsync(V1Network.Cancelled);
            }

            (await life.KeptAsync()).ShouldAllBe(kept => kept.GetProperty("acknowledged").GetInt32() == Holders);
            foreach (PkarrPacket packet in packets)
            {
                FoundItem found = (await life.Stranger.GetMutableAsync(packet.Key.Bytes, cancellationToken: V1Network.Cancelled)).ShouldNotBeNull();
                found.Sequence.ShouldBe(packet.Timestamp);
            }

            (await life.Node.Store.CountAsync(Shelf.MainlinePkarr, V1Network.Cancelled)).ShouldBe(Packets);
        });
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>One life of the daemon, in a network of two others of its own.</summary>
    private async Task RunAsync(Func<Life, Task> act)
    {
        int life = ++_lives;
        List<MainlineDht> others = [];
        for (int n = 0; n < Holders; n++)
        {
            others.Add(await MainlineDht.CreateAsync(Here(life, n, others), cancellationToken: V1Network.Cancelled));
        }

        KadstoneOptions options = new() { DataFolder = _folder, Mainline = Here(life, Holders, others) };
        await using (KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled))
        {
            node.StoreName.ShouldBe("sqlite");
            KadstoneDaemonOptions listeners = new() { Api = new IPEndPoint(IPAddress.Loopback, 0), Gateway = new IPEndPoint(IPAddress.Loopback, 0) };
            await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, listeners, timeProvider: _time, cancellationToken: V1Network.Cancelled);
            await V1Network.KnowsAsync(node);
            using HttpClient api = V1Network.ClientOf(daemon);
            using HttpClient gateway = new() { BaseAddress = new Uri($"http://{daemon.Gateway}") };
            await act(new Life(node, api, gateway, others[0]));
        }

        await Task.WhenAll(others.Select(other => other.DisposeAsync().AsTask()));
    }

    private static MainlineOptions Here(int life, int number, List<MainlineDht> others) => new()
    {
        Addresses = [IPAddress.Parse($"127.89.{(10 * life) + number}.1")],
        Scope = AddressScope.Private,
        Bootstrap = [.. others.Take(1).Select(other => $"{other.LocalEndpoints[0]}")],
    };

    private static string? KeyOf(JsonElement kept) => kept.GetProperty("key").GetString();

    private static DateTimeOffset TimeOf(JsonElement kept) => kept.GetProperty("lastAt").GetDateTimeOffset();

    private sealed record Life(KadstoneNode Node, HttpClient Api, HttpClient Gateway, MainlineDht Stranger)
    {
        public async Task<JsonElement[]> KeptAsync()
        {
            using HttpResponseMessage response = await Api.GetAsync("/v1/publications", V1Network.Cancelled);
            JsonElement[] all = [.. JsonDocument.Parse(await response.Content.ReadAsStringAsync(V1Network.Cancelled)).RootElement.GetProperty("publications").EnumerateArray()];
            all.ShouldAllBe(kept => kept.GetProperty("kind").GetString() == "pkarr");
            return all;
        }
    }
}
