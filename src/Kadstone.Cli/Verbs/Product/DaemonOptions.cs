using System.CommandLine;
using System.Diagnostics;
using Kadstone.Cli.Parsing;
using Kadstone.Hosting;

namespace Kadstone.Cli.Verbs.Product;

/// <summary>Which daemon a verb asks: the one that runs in a data folder, or one that is named.</summary>
internal sealed class DaemonOptions
{
    private static readonly string[] s_usualFolders = [Path.Combine(".", "data", "public"), Path.Combine(".", "data", "devnet")];

    private readonly Option<string?> _data =
        CommonOptions.Create("--data", "DIR", "The data folder whose daemon is asked. Default ./data/public, then ./data/devnet.", text => (string?)Choices.FilePath(text));

    private readonly Option<Uri?> _api = CommonOptions.Create("--api", "URL", "The daemon's API, such as http://127.0.0.1:5001. Default: as its data folder says.", ApiUri);
    private readonly Option<string?> _token = CommonOptions.Create("--token", "TEXT", "What the API asks for. Default: as the data folder says.", Token);

    internal DaemonOptions(Command verb)
    {
        verb.Add(_data);
        verb.Add(_api);
        verb.Add(_token);
    }

    /// <summary>Whether the user named a daemon.</summary>
    internal bool AreGiven(ParseResult arguments) => arguments.GetValue(_api) is not null || arguments.GetValue(_data) is not null;

    /// <summary>The folder where a store may be, whether a daemon runs in it or not; null: none is there.</summary>
    internal string? Folder(ParseResult arguments) => Folders(arguments).FirstOrDefault(Directory.Exists);

    /// <summary>The daemon that runs.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="why">Why there is none, in one sentence.</param>
    internal DaemonClient? Find(ParseResult arguments, out string why)
    {
        why = string.Empty;
        string? token = arguments.GetValue(_token);
        string[] folders = Folders(arguments);
        (string Folder, DaemonFile File)[] running = [.. from folder in folders let file = DaemonFile.TryRead(folder) where file is not null && IsAlive(file.Pid) select (folder, file)];
        if (arguments.GetValue(_api) is Uri api)
        {
            // A token of a folder is for the daemon of that folder alone.
            return new DaemonClient(api, token ?? running.FirstOrDefault(one => Uri.TryCreate(one.File.Api, UriKind.Absolute, out Uri? its) && its == api).File?.Token);
        }

        foreach ((_, DaemonFile file) in running)
        {
            if (file.Api is string url && Uri.TryCreate(url, UriKind.Absolute, out Uri? uri))
            {
                return new DaemonClient(uri, token ?? file.Token);
            }
        }

        why = folders.FirstOrDefault(IsClosedToUs) is string closed
            ? $"{Path.Combine(closed, "daemon.json")} cannot be read by this user; the user who runs that daemon may, and --api URL with --token TEXT asks without it."
            : running.Length > 0
            ? $"the daemon in {running[0].Folder} (process {running[0].File.Pid}) serves no API: it is starting, or runs with --api off."
            : $"no daemon runs in {string.Join(" or ", folders)}; 'dht up' starts one, and --data DIR or --api URL names another.";
        return null;
    }

    private string[] Folders(ParseResult arguments) =>
        arguments.GetValue(_data) is string given ? [given]
        : Environment.GetEnvironmentVariable("KADSTONE__DATAFOLDER") is { Length: > 0 } variable ? [variable]
        : s_usualFolders;

    /// <summary>Whether another user's daemon may run in a folder.</summary>
    private static bool IsClosedToUs(string folder)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(folder, "daemon.json"));
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool IsAlive(int pid)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            return !process.HasExited;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It is there, and another user's.
            return true;
        }
    }

    private static Uri? ApiUri(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https" && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" }
            ? uri
            : throw new FormatException("is no API; http://HOST:PORT is expected, without a path");

    private static string? Token(string text) =>
        text.Length is > 0 and <= 1024 && text.All(letter => letter is > ' ' and < (char)127) ? text : throw new FormatException("is no token; 1 to 1,024 visible characters are expected");
}
