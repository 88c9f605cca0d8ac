using System.Diagnostics;
using System.Globalization;

namespace Kadstone.Storage.Tests;

/// <summary>A <see cref="KillableWriter"/> in a process of its own, which dies in the midst of its puts.</summary>
internal static class KilledWriter
{
    /// <summary>Starts the writer, kills it after so many more acknowledgements, and returns the last one that it printed.</summary>
    /// <param name="verb">Which store it writes to.</param>
    /// <param name="place">The store's file or connection string.</param>
    /// <param name="acknowledged">The last acknowledgement of the writer before it.</param>
    /// <param name="lines">How many more are waited for.</param>
    /// <param name="first">What is killed before the writer, if anything is.</param>
    public static async Task<long> RunAsync(string verb, string place, long acknowledged, int lines, Func<Task>? first = null)
    {
        ProcessStartInfo start = new("dotnet", [typeof(KilledWriter).Assembly.Location, verb, place]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process writer = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start.");

        // What it says of a server that was killed under it is not of interest, but must not fill its pipe.
        Task complaints = writer.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            for (int line = 0; line < lines; line++)
            {
                acknowledged = Read(await writer.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), acknowledged);
            }

            if (first is not null)
            {
                await first();
            }
        }
        finally
        {
            writer.Kill();
        }

        // What it had printed before it died counts as well; a half line does not.
        string rest = await writer.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        foreach (string line in rest.Split('\n').SkipLast(1))
        {
            acknowledged = Read(line, acknowledged);
        }

        await complaints;
        await writer.WaitForExitAsync(TestContext.Current.CancellationToken);
        return acknowledged;
    }

    private static long Read(string? line, long before)
    {
        long number = long.Parse(line.ShouldNotBeNull("The writer ended by itself."), CultureInfo.InvariantCulture);
        number.ShouldBeGreaterThan(before);
        return number;
    }
}
