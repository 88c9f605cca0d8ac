using Kadstone.Kademlia;

namespace Kadstone.Cli.Parsing;

/// <summary>Where to sample: around a key, or at one node.</summary>
internal sealed record SampleTopic(Key160? Target, string? Node)
{
    internal static SampleTopic Parse(string text) =>
        Key160.TryParse(text, out Key160 key) ? new SampleTopic(key, null)
        : text.Contains(':', StringComparison.Ordinal) ? new SampleTopic(null, Endpoints.HostAndPort(text))
        : throw new FormatException("is neither key nor node; 40 hexadecimal digits or HOST:PORT are expected");
}
