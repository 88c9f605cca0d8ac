namespace Kadstone.Bench;

/// <summary>Upserts a second of the SQLite store, committed in batches as the journal commits them.</summary>
internal static class SqliteBench
{
    internal sealed record SqliteFigures(long Upserts, int Batch, double Seconds, double UpsertsPerSecond, long FileBytes);

    public static async Task<int> RunAsync(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "seconds", "batch", "file");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 5, atMost: 300));
        int batch = arguments.Number("batch", byDefault: 256, atMost: 100_000);
        DirectoryInfo scratch = Directory.CreateTempSubdirectory("kadstone-bench-");
        try
        {
            string file = arguments.Options.GetValueOrDefault("file", Path.Combine(scratch.FullName, "records.db"));
            Report.Write(await UpsertAsync(file, batch, duration));
        }
        finally
        {
            scratch.Delete(recursive: true);
        }
        return 0;
    }

    private static Task<SqliteFigures> UpsertAsync(string file, int batch, TimeSpan duration) =>
        throw new NotBuiltYetException($"a SQLite store in {file} to write batches of {batch} to for {duration.TotalSeconds} s");
}
