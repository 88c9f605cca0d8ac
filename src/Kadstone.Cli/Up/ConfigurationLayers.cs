using System.Collections;
using System.Text.Json;
using Kadstone.Hosting;
using Microsoft.Extensions.Configuration;

namespace Kadstone.Cli.Up;

/// <summary>What a file, the environment and the command line say of the section <c>Kadstone</c>; the later goes before the earlier.</summary>
internal sealed class ConfigurationLayers
{
    /// <summary>The file that is read where none is named, if it is there.</summary>
    internal const string UsualFile = "appsettings.json";

    private const string Section = KadstoneOptions.SectionName + ":";
    private const string VariablePrefix = "KADSTONE__";
    private const long MaxFileLength = 1 << 20;

    // Options of the command that have a name of their own.
    private static readonly Dictionary<string, string> s_optionOf = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Profile"] = "--profile",
        ["DataFolder"] = "--data",
        ["Store"] = "--store",
        ["Networks"] = "--networks",
        ["Api"] = "--api",
        ["Gateway"] = "--gateway",
        ["Mainline:Port"] = "--port",
        ["Hyperswarm:Port"] = "--hyper-port",
    };

    private readonly IConfigurationRoot _root;
    private readonly IConfigurationProvider[] _providers;
    private readonly string _file;

    private ConfigurationLayers(IConfigurationRoot root, string file)
    {
        _root = root;
        _providers = [.. root.Providers];
        _file = file;
    }

    /// <param name="file">The file; null: the usual one, if it is there.</param>
    /// <param name="variables">The environment.</param>
    /// <param name="options">What the command line says, by key within the section.</param>
    /// <exception cref="CommandFailedException">The file cannot be read, or is no JSON.</exception>
    internal static ConfigurationLayers Load(string? file, IDictionary variables, IReadOnlyDictionary<string, string> options)
    {
        ConfigurationBuilder builder = new();
        string path = file ?? UsualFile;
        if (file is not null || File.Exists(path))
        {
            AddFile(builder, path);
        }
        else
        {
            builder.AddInMemoryCollection();
        }

        builder.AddInMemoryCollection(
            from DictionaryEntry variable in variables
            let name = (string)variable.Key
            where name.StartsWith(VariablePrefix, StringComparison.OrdinalIgnoreCase)
            select KeyValuePair.Create(Section + name[VariablePrefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)variable.Value));
        builder.AddInMemoryCollection(options.Select(option => KeyValuePair.Create(Section + option.Key, (string?)option.Value)));
        return new ConfigurationLayers(builder.Build(), path);
    }

    /// <summary>The options that come of it.</summary>
    /// <exception cref="CommandFailedException">A key or a value is wrong.</exception>
    internal KadstoneOptions Read()
    {
        try
        {
            return KadstoneSettings.Read(_root);
        }
        catch (KadstoneSetupException exception)
        {
            throw Explain(exception);
        }
    }

    /// <summary>What is said under a key within the section, lists with commas; null: nothing.</summary>
    internal string? Value(string key)
    {
        IConfigurationSection section = _root.GetSection(Section + key);
        string[] elements = [.. section.GetChildren().Select(child => child.Value).OfType<string>()];
        return elements.Length > 0 ? string.Join(',', elements) : section.Value;
    }

    /// <summary>Who says what holds under a key: a file's path, a variable's name, an option, or <c>default</c>.</summary>
    internal string Origin(string key)
    {
        for (int i = _providers.Length - 1; i >= 0; i--)
        {
            if (_providers[i].TryGet(Section + key, out _) || _providers[i].GetChildKeys([], Section + key).Any())
            {
                return i switch
                {
                    0 => _file,
                    1 => VariablePrefix + key.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant(),
                    _ => s_optionOf.GetValueOrDefault(key, key),
                };
            }
        }

        return "default";
    }

    /// <summary>A setting that cannot be, by the name under which the user said it.</summary>
    internal CommandFailedException Explain(KadstoneSetupException exception)
    {
        string key = exception.Setting.StartsWith(Section, StringComparison.Ordinal) ? exception.Setting[Section.Length..] : exception.Setting;
        string origin = Origin(key);
        string option = s_optionOf.GetValueOrDefault(key, exception.Setting);
        return CommandFailedException.Usage(
            origin == "default" || origin == option ? $"{option} {exception.Problem}"
            : origin.StartsWith(VariablePrefix, StringComparison.Ordinal) ? $"{origin} {exception.Problem}"
            : $"{exception.Setting} {exception.Problem} It stands in {origin}.");
    }

    private static void AddFile(ConfigurationBuilder builder, string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file is { Exists: true, Length: > MaxFileLength })
            {
                throw CommandFailedException.Usage($"--config '{path}' has {file.Length} bytes; at most {MaxFileLength} are allowed.");
            }

            // Read twice, for the JSON reader's own message says where it stopped.
            byte[] text = File.ReadAllBytes(path);
            using (JsonDocument document = JsonDocument.Parse(text.AsSpan().StartsWith("\uFEFF"u8) ? text.AsMemory(3) : text, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }))
            {
                if (document.RootElement.ValueKind != JsonValueKind.Object)
                {
                    throw CommandFailedException.Usage($"--config '{path}' holds no object; {{ \"{KadstoneOptions.SectionName}\": {{ … }} }} is expected.");
                }
            }

            // Read at once, for what is wrong to be said here; a stream can be read but once.
            builder.AddConfiguration(new ConfigurationBuilder().AddJsonStream(new MemoryStream(text)).Build());
        }
        catch (JsonException exception)
        {
            throw CommandFailedException.Usage($"--config '{path}' is no JSON from line {exception.LineNumber + 1} on; {{ \"{KadstoneOptions.SectionName}\": {{ … }} }} is expected.");
        }
        catch (FormatException exception)
        {
            throw CommandFailedException.Usage($"--config '{path}' cannot be used: {Failure.OneLine(exception.Message)}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CommandFailedException.Usage($"--config '{path}' cannot be read: {Failure.OneLine(exception.Message)}");
        }
    }
}
