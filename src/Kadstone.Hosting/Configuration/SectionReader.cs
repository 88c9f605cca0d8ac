using Microsoft.Extensions.Configuration;

namespace Kadstone.Hosting.Configuration;

/// <summary>Finds the settings of a section, and refuses keys that are none: a key that nobody reads is a wish that nobody grants.</summary>
internal static class SectionReader
{
    private const int MaxShown = 100;

    /// <exception cref="KadstoneSetupException">A key does not exist.</exception>
    internal static Dictionary<KadstoneSetting, IReadOnlyList<string>> Read(IConfigurationSection section)
    {
        Dictionary<KadstoneSetting, IReadOnlyList<string>> said = [];
        if (section.Value is { Length: > 0 } text)
        {
            throw new KadstoneSetupException(KadstoneOptions.SectionName, $"is '{Shorten(text)}', and should be a section: an object with keys such as Networks and Profile.");
        }

        foreach (IConfigurationSection child in section.GetChildren())
        {
            Read(child, child.Key, said);
        }

        return said;
    }

    internal static string Shorten(string text) => text.ReplaceLineEndings(" ") is { Length: > MaxShown } line ? $"{line[..MaxShown]}…" : text.ReplaceLineEndings(" ");

    private static void Read(IConfigurationSection section, string key, Dictionary<KadstoneSetting, IReadOnlyList<string>> said)
    {
        IConfigurationSection[] children = [.. section.GetChildren()];
        if (KadstoneSettings.Find(key) is KadstoneSetting setting)
        {
            // An array's elements are children with numbers for names.
            if (children.Length > 0 && (!setting.IsList || children.Any(child => child.Value is null || child.GetChildren().Any() || !int.TryParse(child.Key, out _))))
            {
                throw new KadstoneSetupException($"{KadstoneOptions.SectionName}:{setting.Key}", $"has parts of its own, which is not allowed; {setting.Allowed} is expected.");
            }

            if (children.Length > 0)
            {
                said[setting] = [.. children.Select(child => child.Value).OfType<string>()];
            }
            else if (section.Value is string value)
            {
                said[setting] = setting.IsList && value.Length == 0 ? ["none"] : [value];
            }

            return;
        }

        if (!KadstoneSettings.All.Any(known => known.Key.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)) || section.Value is { Length: > 0 })
        {
            throw Unknown(key);
        }

        foreach (IConfigurationSection child in children)
        {
            Read(child, $"{key}:{child.Key}", said);
        }
    }

    private static KadstoneSetupException Unknown(string key)
    {
        int colon = key.IndexOf(':', StringComparison.Ordinal);
        string parent = colon < 0 ? string.Empty : key[..(colon + 1)];
        string[] siblings = [.. KadstoneSettings.All.Select(setting => setting.Key).Where(known => known.StartsWith(parent, StringComparison.OrdinalIgnoreCase)).Select(known => known[parent.Length..].Split(':')[0]).Distinct()];
        return new KadstoneSetupException(
            $"{KadstoneOptions.SectionName}:{Shorten(key)}",
            siblings.Length == 0 ? "is no setting; 'dht config explain' lists all." : $"is no setting; allowed there: {string.Join(", ", siblings)}.");
    }
}
