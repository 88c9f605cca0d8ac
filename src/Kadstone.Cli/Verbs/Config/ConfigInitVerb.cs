using System.CommandLine;
using System.Text;
using System.Text.Json;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Up;
using Kadstone.Hosting;

namespace Kadstone.Cli.Verbs.Config;

/// <summary><c>dht config init</c>: a file with every setting at its default, each explained.</summary>
internal sealed class ConfigInitVerb : Verb
{
    private readonly Argument<string> _file = new("FILE")
    {
        HelpName = "FILE",
        Description = $"The file. Default {ConfigurationLayers.UsualFile}.",
        Arity = ArgumentArity.ZeroOrOne,
        DefaultValueFactory = _ => ConfigurationLayers.UsualFile,
    };

    internal ConfigInitVerb(Terminal terminal)
        : base(terminal, "init", "Writes a configuration with every setting at its default, each explained.", "dht config init", "dht config init /etc/kadstone/appsettings.json") =>
        Add(_file);

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string path = arguments.GetValue(_file) ?? ConfigurationLayers.UsualFile;
        try
        {
            using FileStream file = new(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(Encoding.UTF8.GetBytes(Text()));
        }
        catch (IOException) when (File.Exists(path) || Directory.Exists(path))
        {
            throw CommandFailedException.Usage($"FILE: '{path}' is there already and is not overwritten; another name is needed.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"FILE: '{path}' cannot be written: {Failure.OneLine(exception.Message)}");
        }

        Terminal.WriteLine($"{path} is written; 'dht config show --config {path}' tells what holds.");
        return Task.FromResult(ExitCode.Found);
    }

    internal static string Text()
    {
        StringBuilder text = new("{\n");
        text.Append("  \"").Append(KadstoneOptions.SectionName).Append("\": {\n");
        string group = string.Empty;
        for (int i = 0; i < KadstoneSettings.All.Count; i++)
        {
            KadstoneSetting setting = KadstoneSettings.All[i];
            string[] parts = setting.Key.Split(':');
            string own = parts.Length > 1 ? parts[0] : string.Empty;
            if (own != group)
            {
                text.Append(group.Length > 0 ? "    },\n" : "").Append(own.Length > 0 ? $"    \"{own}\": {{\n" : "");
                group = own;
            }

            string indent = own.Length > 0 ? "      " : "    ";
            text.Append(indent).Append("// ").Append(setting.Description).Append(" Allowed: ").Append(setting.Allowed.TrimEnd(',')).Append(".\n");

            // What has no value of its own until somebody says one is shown, and not said.
            text.Append(indent).Append(IsValue(setting) ? "" : "// ").Append('"').Append(parts[^1]).Append("\": ").Append(Json(setting)).Append(",\n");
        }

        return text.Append(group.Length > 0 ? "    },\n" : "").Append("  },\n}\n").ToString();
    }

    private static bool IsValue(KadstoneSetting setting)
    {
        try
        {
            setting.Check(setting.Default);
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static string Json(KadstoneSetting setting)
    {
        if (setting.IsList && IsValue(setting))
        {
            return $"[{string.Join(", ", setting.Default.Split(',').Select(Quoted))}]";
        }

        return IsValue(setting) && (setting.Default is "true" or "false" || int.TryParse(setting.Default, out _)) ? setting.Default : Quoted(setting.Default);
    }

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
