using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kadstone.Hyperswarm;
using Kadstone.Kademlia;

namespace Kadstone.Cli.Parsing;

/// <summary>Options and arguments of the Hyperswarm verbs.</summary>
internal static class HyperOptions
{
    internal static Option<RpcWire?> Wire() =>
        CommonOptions.Create("--wire", "v6|gen1", "Which wire is spoken: today's, or the first generation's. Default v6.", ParseWire);

    internal static Option<IPAddress?> Host() => CommonOptions.Create("--host", "ADDR", "The IPv4 address to bind. Default 0.0.0.0.", ParseHost);

    internal static Option<string[][]> Bootstrap(string fallback) => CommonOptions.Repeatable(
        "--bootstrap",
        "HOST:PORT",
        $"A node to join through, or several with commas between; repeatable. Default: {fallback}.",
        ParseBootstrap,
        "-b");

    internal static Option<int?> ServerPort(string fallback, params string[] aliases) =>
        CommonOptions.Create("--port", "N", $"The UDP port; 0 is the kernel's choice. Default: {fallback}.", Endpoints.Port, aliases);

    internal static Argument<Key256?> Topic(string name = "TOPIC") => CommonOptions.Argument(name, "64 hexadecimal digits.", ParseKey);

    internal static Option<ReadOnlyMemory<byte>?> PublicKey() =>
        CommonOptions.Create("--public-key", "HEX64", "The public key of a signed value.", text => (ReadOnlyMemory<byte>?)Keys.PublicKey(text));

    internal static Option<IPEndPoint?> LocalAddress() =>
        CommonOptions.Create("--local", "ADDR:PORT", "Our address in the local network: for those whose own begins with the same two numbers.", ParseLocal);

    internal static Option<string?> KeyFile(string description) => CommonOptions.Create("--key", "FILE", description, text => (string?)Choices.FilePath(text));

    private static RpcWire? ParseWire(string text) => text switch
    {
        "v6" => RpcWire.V6,
        "gen1" => RpcWire.Gen1,
        _ => throw new FormatException("is not allowed; v6 or gen1 is expected"),
    };

    private static IPAddress? ParseHost(string text) => Endpoints.Address(text) is { AddressFamily: AddressFamily.InterNetwork } address
        ? address
        : throw new FormatException("is not allowed; this network is IPv4 alone, and an address such as 0.0.0.0 is expected");

    private static string[] ParseBootstrap(string text)
    {
        string[] nodes = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return nodes.Length > 0 && nodes.All(node => HostPort.TryParse(node, CultureInfo.InvariantCulture, out _))
            ? nodes
            : throw new FormatException("is no bootstrap node; host:port, address@host:port, :port, a port or a host is expected, or several with commas between");
    }

    private static Key256? ParseKey(string text) => Keys.Key256(text);

    private static IPEndPoint? ParseLocal(string text)
    {
        (string host, int port) = Endpoints.Split(Endpoints.HostAndPort(text));
        return IPAddress.TryParse(host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetwork
            ? new IPEndPoint(address, port)
            : throw new FormatException("is not allowed; an IPv4 address of this machine and a port are expected, such as 192.168.1.2:8888");
    }
}
