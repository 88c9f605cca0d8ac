using Kadstone.Simulation;

namespace Kadstone.Cli.Verbs.Product.Sim;

/// <param name="Share">How many of the nodes stand behind a NAT, 0 to 1.</param>
/// <param name="Kind">Which one.</param>
internal sealed record NatShare(double Share, NatKind Kind)
{
    internal static NatShare Parse(string text)
    {
        string[] parts = text.Split(':', 2);
        double share = DevnetVerb.Percent(parts[0], 100).GetValueOrDefault() / 100;
        return new NatShare(share, parts.Length == 1 ? NatKind.PortRestricted : parts[1] switch
        {
            "full" => NatKind.FullCone,
            "address" => NatKind.AddressRestricted,
            "port" => NatKind.PortRestricted,
            "symmetric" => NatKind.Symmetric,
            _ => throw new FormatException("names no kind of NAT; full, address, port and symmetric are"),
        });
    }
}
