using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Cli.Up;
using Kadstone.Hosting;

namespace Kadstone.Cli.Verbs.Config;

/// <summary><c>dht config show</c>: what holds, and who says so. Ends with 2 where <c>dht up</c> would.</summary>
internal sealed class ConfigShowVerb : Verb
{
    private readonly Option<string?> _config = CommonOptions.Create(
        "--config", "FILE", $"The configuration. Default {ConfigurationLayers.UsualFile}, if it is here.", text => (string?)Choices.FilePath(text));

    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal ConfigShowVerb(Terminal terminal)
        : base(terminal, "show", "Shows every setting, its value and who says so.", "dht config show", "dht config show --config /etc/kadstone/appsettings.json")
    {
        Add(_config);
        Add(_format);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        ConfigurationLayers layers = ConfigurationLayers.Load(arguments.GetValue(_config), Environment.GetEnvironmentVariables(), new Dictionary<string, string>());
        layers.Read();
        Output output = new(Terminal, arguments.GetValue(_format) == OutputFormat.Json);
        int width = KadstoneSettings.All.Max(setting => setting.Key.Length);
        foreach (KadstoneSetting setting in KadstoneSettings.All)
        {
            string value = Shown(setting, layers.Value(setting.Key));
            string origin = layers.Origin(setting.Key);
            output.Write($"{setting.Key.PadRight(width)}  {value}{(origin == "default" ? "" : $"  ({origin})")}", json =>
            {
                json.WriteString("key", $"{KadstoneOptions.SectionName}:{setting.Key}");
                json.WriteString("value", value);
                json.WriteString("origin", origin);
            });
        }

        return Task.FromResult(ExitCode.Found);
    }

    // A connection string may hold a password.
    private static string Shown(KadstoneSetting setting, string? value) =>
        value is null ? setting.Default
        // JSON's true and false arrive in .NET's spelling.
        : bool.TryParse(value, out bool flag) ? (flag ? "true" : "false")
        : KadstoneStore.TryParse(value, out KadstoneStore? store) && store.Name == "postgres" ? "postgres:…"
        : value;
}
