namespace Kadstone.Hosting;

/// <summary>A key of the configuration: what it means and what it may be.</summary>
public sealed class KadstoneSetting
{
    private readonly Action<KadstoneOptions, IReadOnlyList<string>> _apply;

    internal KadstoneSetting(string key, string fallback, string allowed, string description, bool isList, Action<KadstoneOptions, IReadOnlyList<string>> apply)
    {
        Key = key;
        Default = fallback;
        Allowed = allowed;
        Description = description;
        IsList = isList;
        _apply = apply;
    }

    /// <summary>The key within the section, such as <c>Mainline:Port</c>.</summary>
    public string Key { get; }

    /// <summary>What holds where nothing is said.</summary>
    public string Default { get; }

    /// <summary>What is allowed, as the end of a sentence: "… is expected".</summary>
    public string Allowed { get; }

    /// <summary>What it is for, as one sentence.</summary>
    public string Description { get; }

    /// <summary>Whether it is a list: in JSON an array, elsewhere words with commas between them; <c>none</c> is the empty one.</summary>
    public bool IsList { get; }

    /// <summary>The key as an environment variable: <c>KADSTONE__MAINLINE__PORT</c>.</summary>
    public string Variable => $"KADSTONE__{Key.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant()}";

    /// <summary>Checks a value.</summary>
    /// <exception cref="FormatException">It is not allowed: the message follows the value in a sentence.</exception>
    public void Check(string value) => Apply(new KadstoneOptions(), [value]);

    /// <exception cref="FormatException">A value is not allowed.</exception>
    internal void Apply(KadstoneOptions options, IEnumerable<string> values)
    {
        string[] words = [.. IsList ? values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) : values];
        try
        {
            if (!IsList && words.Length != 1)
            {
                throw new FormatException();
            }

            _apply(options, IsList && words is ["none"] ? [] : words);
        }
        catch (FormatException)
        {
            throw new FormatException($"is not allowed; {Allowed} is expected");
        }
    }
}
