using Kadstone.Libp2p;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.Routing;

/// <summary>What a client of Delegated Routing wants of the records: <c>filter-addrs</c> and <c>filter-protocols</c>.</summary>
/// <remarks>IPIP-484. A leading <c>!</c> forbids; <c>unknown</c> stands for a record that names none at all.</remarks>
internal sealed class RecordFilter
{
    private const int MaxWords = 64;
    private const string Unknown = "unknown";

    private readonly HashSet<string> _wanted;
    private readonly HashSet<string> _forbidden;
    private readonly HashSet<string> _protocols;

    private RecordFilter(string[] addresses, string[] protocols)
    {
        _wanted = [.. addresses.Where(word => word[0] != '!')];
        _forbidden = [.. addresses.Where(word => word[0] == '!').Select(word => word[1..])];
        _protocols = [.. protocols];
    }

    public static RecordFilter Of(HttpRequest request) => new(Words(request, "filter-addrs"), Words(request, "filter-protocols"));

    /// <summary>The record of a peer with the addresses that are wanted; null when it is not wanted at all.</summary>
    public RoutingRecord? Apply(PeerInfo peer)
    {
        // The DHT does not say what a peer serves: its protocols are unknown.
        if (_protocols.Count > 0 && !_protocols.Contains(Unknown))
        {
            return null;
        }

        Multiaddr[] kept = [.. peer.Addresses.Where(Fits)];
        bool isWanted = peer.Addresses.Count == 0
            ? (_wanted.Count == 0 && _forbidden.Count == 0) || _wanted.Contains(Unknown)
            : kept.Length > 0;
        return isWanted ? new RoutingRecord("peer", peer.Id.ToString(), [.. kept.Select(address => address.ToString())], []) : null;
    }

    private bool Fits(Multiaddr address)
    {
        string[] names = [.. NamesOf(address)];
        return !names.Any(_forbidden.Contains) && (_wanted.Count == 0 || names.Any(_wanted.Contains));
    }

    // A component is its name and, unless it has none, its value.
    private static IEnumerable<string> NamesOf(Multiaddr address)
    {
        string[] parts = address.ToString().Split('/');
        int at = 1;
        foreach (MultiaddrComponent component in address.Components)
        {
            if (at < parts.Length)
            {
                yield return parts[at];
            }

            at += component.Value.IsEmpty ? 1 : 2;
        }
    }

    private static string[] Words(HttpRequest request, string name) =>
    [
        .. request.Query[name].SelectMany(value => (value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(word => word != "!")
            .Select(word => word.ToLowerInvariant())
            .Take(MaxWords),
    ];
}
