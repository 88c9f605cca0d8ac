using Kadstone.Ipfs;

namespace Kadstone.Cli.Ipfs;

/// <summary>Which DHT is meant: the worldwide one, the one of a site, both, or one of one's own.</summary>
internal sealed record KadProtocol(KadScope Scope, string Prefix)
{
    private const string Wan = "/kad/1.0.0";
    private const string Lan = "/lan/kad/1.0.0";

    internal static KadProtocol Worldwide { get; } = new(KadScope.Wan, "/ipfs");

    internal static KadProtocol Parse(string text) => text switch
    {
        "wan" => Worldwide,
        "lan" => new KadProtocol(KadScope.Lan, "/ipfs"),
        "both" => new KadProtocol(KadScope.Both, "/ipfs"),
        ['/', not '/', ..] when text.Length <= 128 && text.EndsWith(Lan, StringComparison.Ordinal) && text.Length > Lan.Length => new KadProtocol(KadScope.Lan, text[..^Lan.Length]),
        ['/', not '/', ..] when text.Length <= 128 && text.EndsWith(Wan, StringComparison.Ordinal) && text.Length > Wan.Length => new KadProtocol(KadScope.Wan, text[..^Wan.Length]),
        _ => throw new FormatException("is no DHT; wan, lan, both, or an id such as /ipfs/kad/1.0.0 or /my/kad/1.0.0 is expected"),
    };
}
