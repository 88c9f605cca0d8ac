using System.Diagnostics;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>All packages, packed once from the build under test into a folder of their own.</summary>
public sealed class Packing : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kadstone-packages-").FullName;

    /// <summary>Whether the build is the one that is published.</summary>
    public static bool IsRelease { get; } = Configuration == "Release";

    internal IReadOnlyList<Package> Packages { get; private set; } = [];

    internal IEnumerable<Package> Libraries => Packages.Where(package => package.Id != "kadstone");

    private static string Configuration => new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent?.Name ?? "";

    public async ValueTask InitializeAsync()
    {
        ProcessStartInfo start = new("dotnet", ["pack", Repository.Absolute("Kadstone.slnx"), "-c", Configuration, "--no-build", "-o", _folder, "-tl:off", "-v", "q", "-nologo", "-nodeReuse:false"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        using Process process = Process.Start(start) ?? throw new InvalidOperationException("dotnet pack did not start");
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(5));
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            process.ExitCode.ShouldBe(0, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        Packages = [.. Directory.GetFiles(_folder, "*.nupkg").Order(StringComparer.Ordinal).Select(path => new Package(path))];
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
