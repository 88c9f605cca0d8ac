using System.Globalization;
using System.Text;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;
using Microsoft.Playwright;

namespace Kadstone.Page.Tests;

/// <summary>The page of a daemon, in a process of its own, whose SQLite store holds a hundred thousand records.</summary>
public sealed class ManyRecordsTests(Chromium chromium, ITestOutputHelper output) : IDisposable
{
    private const int Records = 100_000;
    private const int Screen = 25;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kadstone-page-");

    [Fact, Trait("Category", "Bars")]
    public async Task A_hundred_thousand_records_cost_one_screen_of_bytes_and_elements()
    {
        await FillAsync(Path.Combine(_folder.FullName, "node.sqlite"));
        await using CommandDaemon daemon = await CommandDaemon.UpAsync(_folder.FullName, "--devnet", "--nodes", "3", "--networks", "mainline", "--store", "sqlite");

        foreach ((string view, string words) in (IEnumerable<(string, string)>)[.. Enumerable.Repeat(("", "100,000"), 5), ("map/mainline", "a sample"), ("records", "100,000")])
        {
            await using Tab visit = await chromium.OpenAsync(daemon.Address, view);
            await visit.SeeAsync(words);
            (await PaintAsync(visit, view)).ShouldBeLessThan(1000);
            visit.Complaints.ShouldBeEmpty();
        }

        await using Tab tab = await chromium.OpenAsync(daemon.Address, "records");
        await tab.SeeAsync("100,000", ".tabs");
        (await tab.Page.Locator("main tbody tr").CountAsync()).ShouldBe(Screen);
        (await tab.Page.EvaluateAsync<int>("() => document.querySelectorAll('*').length")).ShouldBeLessThan(800);
        (await ListBytesAsync(tab)).ShouldBeLessThan(16_384);

        string first = await tab.TextAsync("main tbody");
        IResponse response = await tab.Page.RunAndWaitForResponseAsync(
            () => tab.Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = "On", Exact = true }).ClickAsync(),
            answer => answer.Url.Contains("/v1/records?", StringComparison.Ordinal));
        (await response.BodyAsync()).Length.ShouldBeLessThan(16_384);
        await tab.SeeAsync("Screen 2");
        (await tab.Page.Locator("main tbody tr").CountAsync()).ShouldBe(Screen);
        (await tab.TextAsync("main tbody")).ShouldNotBe(first);
        tab.Complaints.ShouldBeEmpty();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task FillAsync(string path)
    {
        await using SqliteRecordStore store = await SqliteRecordStore.OpenAsync(path, new SqliteStoreOptions { Patience = TimeSpan.FromMinutes(1) });
        DateTimeOffset now = DateTimeOffset.UtcNow;
        byte[] value = Encoding.UTF8.GetBytes("100:" + new string('k', 100));
        Random random = new(1);
        Shelf[] shelves = [Shelf.MainlineImmutable, Shelf.MainlineImmutable, Shelf.MainlineMutable, Shelf.HyperswarmImmutable];
        foreach (int[] batch in Enumerable.Range(0, Records).Chunk(5_000))
        {
            IReadOnlyList<PutResult> results = await store.PutManyAsync([.. batch.Select(at =>
            {
                Shelf shelf = shelves[at % shelves.Length];
                byte[] key = new byte[shelf == Shelf.HyperswarmImmutable ? 32 : 20];
                random.NextBytes(key);
                return new RecordPut(shelf, key, new StoredRecord(value, shelf == Shelf.MainlineMutable ? at : 0, now.AddHours(2), now));
            })]);
            results.ShouldAllBe(result => result == PutResult.Stored);
        }
    }

    /// <summary>The answer of the list as it came over the wire.</summary>
    private static Task<int> ListBytesAsync(Tab tab) =>
        tab.Page.EvaluateAsync<int>("() => performance.getEntriesByType('resource').filter(one => one.name.includes('/v1/records?')).at(-1).encodedBodySize");

    /// <summary>The first contentful paint, in milliseconds; the other figures are for the reader.</summary>
    private async Task<double> PaintAsync(Tab tab, string view)
    {
        double[] figures = await tab.Page.EvaluateAsync<double[]>(
            """
            () => [
              performance.getEntriesByName('first-contentful-paint')[0].startTime,
              performance.now(),
              performance.getEntriesByType('resource').reduce((sum, one) => sum + one.encodedBodySize, performance.getEntriesByType('navigation')[0].encodedBodySize),
              document.querySelectorAll('*').length,
            ]
            """);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"/{view}: first contentful paint after {figures[0]:0} ms, figures seen after {figures[1]:0} ms, {figures[2] / 1000:0} kB received, {figures[3]:0} elements"));
        return figures[0];
    }
}
