using Kadstone.Datagrams;
using Kadstone.Hosting.Configuration;
using Kadstone.Ipfs;
using Kadstone.Mainline;
using Microsoft.Extensions.Configuration;

namespace Kadstone.Hosting;

/// <summary>All keys of the section <c>Kadstone</c>: the one place where they are named, explained, read and checked.</summary>
public static class KadstoneSettings
{
    private static readonly string[] s_networks = ["mainline", "hyperswarm", "ipfs"];

    /// <summary>The keys, in the order in which they are explained.</summary>
    public static IReadOnlyList<KadstoneSetting> All { get; } =
    [
        One("Profile", "laptop", "laptop, server or router", "How much of the machine and its line the nodes may take.", (o, v) => o.Profile = Values.Word<KadstoneProfile>(v)),
        One("DataFolder", "data/public", "the path of a folder, or none", "Where identity, states and store are kept; none keeps nothing.", (o, v) => o.DataFolder = v == "none" ? null : Values.Path(v)),
        One("Store", "sqlite", "sqlite, sqlite:FILE, postgres:CONNECTION or memory", "Where records are kept.", (o, v) => o.Store = KadstoneStore.TryParse(v, out KadstoneStore? store) ? store : throw new FormatException()),
        Many("Networks", "mainline,hyperswarm,ipfs", "mainline, hyperswarm, ipfs, or several of them with commas between", "Which networks have a node here.", ChooseNetworks),
        One("PacketBudget", "of the profile", $"a number of datagrams a second, {KadstoneOptions.MinPacketBudget} to {KadstoneOptions.MaxPacketBudget},", "How many UDP datagrams a second may leave, all networks together.", (o, v) => o.PacketBudget = Values.Number(v, KadstoneOptions.MinPacketBudget, KadstoneOptions.MaxPacketBudget)),
        One("KeepsContacts", "true", "true or false", "Whether the contacts of the run before are asked first.", (o, v) => o.KeepsContacts = Values.Flag(v)),
        One("Private", "false", "true or false", "Whether loopback and private ranges count as ordinary addresses: networks of one's own.", SetPrivate),
        One("Diversity", "true", "true or false", "Whether hosts and prefixes are counted against one who owns many ids.", SetDiversity),
        One("Api", "127.0.0.1:5001", "ADDRESS:PORT, or off,", "Where the daemon serves its API and its page.", (o, v) => o.Api = v == "off" ? null : Values.Endpoint(v)),
        One("Gateway", "off", "ADDRESS:PORT, or off,", "Where the daemon serves Delegated Routing and pkarr to everybody.", (o, v) => o.Gateway = v == "off" ? null : Values.Endpoint(v)),
        One("OtlpEndpoint", "off", "http://HOST:PORT, https://HOST:PORT or off", "Where metrics and traces go by OTLP: gRPC at port 4317, HTTP at 4318.", (o, v) => o.OtlpEndpoint = v == "off" ? null : Values.Address(v)),
        One("Mainline:Port", "6881", "a UDP port, 0 to 65535,", "The UDP port of Mainline; 0 is the kernel's choice.", (o, v) => Mainline(o, Values.Number(v, 0, 65_535), (m, port) => m with { Port = port })),
        Many("Mainline:Addresses", "0.0.0.0", "1 to 16 IP addresses of this machine with commas between", "The addresses that Mainline binds, one node id each.", (o, v) => Mainline(o, Values.List(v, 1, 16, Values.IP), (m, addresses) => m with { Addresses = addresses })),
        Many("Mainline:Bootstrap", "the public routers", "HOST:PORT, several of them with commas between, or none", "Where Mainline is joined.", (o, v) => Mainline(o, Values.List(v, 0, 64, Values.HostAndPort), (m, hosts) => m with { Bootstrap = hosts })),
        One("Mainline:Serving", "adaptive; always if private", "adaptive, always or readonly", "Whether queries of others are answered: adaptive waits for a proof that they reach us.", (o, v) => Mainline(o, Values.Word<ServingMode>(v), (m, serving) => m with { Serving = serving })),
        One("Mainline:MaxInfoHashes", "of the profile", "a number, 1 to 100000000,", "How many infohashes have peers stored here.", (o, v) => Mainline(o, Values.Number(v, 1, 100_000_000), (m, most) => m with { MaxInfoHashes = most })),
        One("Hyperswarm:Port", "49737", "a UDP port, 0 to 65535,", "The UDP port of Hyperswarm; 0 is the kernel's choice.", (o, v) => Hyperswarm(o, Values.Number(v, 0, 65_535), (h, port) => h with { Port = port })),
        One("Hyperswarm:Host", "0.0.0.0", "an IPv4 address of this machine", "The address that Hyperswarm binds.", (o, v) => Hyperswarm(o, Values.IPv4(v), (h, host) => h with { Host = host })),
        One("Hyperswarm:PublicAddress", "as others see it", "an IPv4 address", "The address under which others reach Hyperswarm's port.", (o, v) => Hyperswarm(o, Values.IPv4(v), (h, host) => h with { PublicAddress = host })),
        Many("Hyperswarm:Bootstrap", "the public nodes", "HOST:PORT or ADDRESS@HOST:PORT, several of them with commas between, or none", "Where Hyperswarm is joined.", (o, v) => Hyperswarm(o, Values.List(v, 0, 64, Values.HyperswarmNode), (h, hosts) => h with { Bootstrap = hosts })),
        One("Hyperswarm:Serving", "adaptive; always if private", "adaptive, always or readonly", "Whether Hyperswarm keeps records for others: adaptive waits some 20 minutes for a proof that they reach us.", (o, v) => Hyperswarm(o, Values.Word<ServingMode>(v), Serve)),
        Many("Ipfs:Listen", "/ip4/0.0.0.0/tcp/4001", "multiaddresses such as /ip4/0.0.0.0/tcp/4001 with commas between, or none", "Where IPFS listens.", (o, v) => Ipfs(o, Values.List(v, 0, 16, Values.Listen), (i, listen) => i with { Host = i.Host with { Listen = listen } })),
        Many("Ipfs:Announce", "where it listens", "multiaddresses such as /ip4/203.0.113.7/tcp/4001 with commas between, or none", "Where others are told that IPFS is.", (o, v) => Ipfs(o, Values.List(v, 0, 16, Values.Multiaddress), (i, announce) => i with { Host = i.Host with { Announce = announce } })),
        Many("Ipfs:Bootstrap", "a public peer", "multiaddresses that end with /p2p/PEER, with commas between, or none", "Where IPFS is joined.", (o, v) => Ipfs(o, Values.List(v, 0, 64, Values.Peer), (i, peers) => i with { Bootstrap = peers })),
        One("Ipfs:Scope", "wan", "wan, lan or both", "Which DHT of IPFS: the worldwide one, that of a site, or both.", (o, v) => Ipfs(o, Values.Word<KadScope>(v), (i, scope) => i with { Scope = scope })),
        One("Ipfs:Mode", "auto", "auto, client or server", "Whether others are served in IPFS: auto waits for a proof that they reach us.", (o, v) => Ipfs(o, Values.Word<KadMode>(v), (i, mode) => i with { Mode = mode })),
        One("Ipfs:ProtocolPrefix", "/ipfs", "a slash and up to 127 characters without another at the end", "What the protocol ids of IPFS begin with; another makes a network of one's own.", (o, v) => Ipfs(o, Values.Prefix(v), (i, prefix) => i with { ProtocolPrefix = prefix })),
    ];

    /// <summary>The setting of a key within the section, whatever its case; null when there is none.</summary>
    public static KadstoneSetting? Find(string key) => All.FirstOrDefault(setting => setting.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads the section into options: the public networks, changed as it says.</summary>
    /// <param name="configuration">The whole configuration; other sections are left alone.</param>
    /// <exception cref="KadstoneSetupException">A key does not exist, or a value is not allowed.</exception>
    public static KadstoneOptions Read(IConfiguration configuration)
    {
        KadstoneOptions options = new() { Mainline = KadstoneNetworks.Mainline, Hyperswarm = KadstoneNetworks.Hyperswarm, Ipfs = KadstoneNetworks.Ipfs };
        Apply(configuration, options);
        options.Validate();
        return options;
    }

    /// <summary>Changes options as the section says. Only <c>Networks</c> adds or removes a network; keys of one that does not run are checked and change nothing.</summary>
    /// <exception cref="KadstoneSetupException">A key does not exist, or a value is not allowed.</exception>
    internal static void Apply(IConfiguration configuration, KadstoneOptions options)
    {
        Dictionary<KadstoneSetting, IReadOnlyList<string>> said = SectionReader.Read(configuration.GetSection(KadstoneOptions.SectionName));

        // In the order of the list: which networks there are is settled before theirs are set.
        foreach (KadstoneSetting setting in All)
        {
            if (!said.TryGetValue(setting, out IReadOnlyList<string>? values))
            {
                continue;
            }

            try
            {
                setting.Apply(options, values);
            }
            catch (FormatException exception)
            {
                throw new KadstoneSetupException($"{KadstoneOptions.SectionName}:{setting.Key}", $"'{SectionReader.Shorten(string.Join(',', values))}' {exception.Message}.", exception);
            }
        }
    }

    private static void ChooseNetworks(KadstoneOptions options, IReadOnlyList<string> names)
    {
        if (names.Count == 0 || names.Any(name => !s_networks.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            throw new FormatException();
        }

        bool Has(int index) => names.Contains(s_networks[index], StringComparer.OrdinalIgnoreCase);
        options.Mainline = Has(0) ? options.Mainline ?? KadstoneNetworks.Mainline : null;
        options.Hyperswarm = Has(1) ? options.Hyperswarm ?? KadstoneNetworks.Hyperswarm : null;
        options.Ipfs = Has(2) ? options.Ipfs ?? KadstoneNetworks.Ipfs : null;
    }

    private static void SetPrivate(KadstoneOptions options, string value)
    {
        bool isPrivate = Values.Flag(value);
        AddressScope scope = isPrivate ? AddressScope.Private : AddressScope.Public;
        Mainline(options, scope, (m, of) => m with { Scope = of });
        Hyperswarm(options, scope, (h, of) => h with { Scope = of, IsReachableAssumed = isPrivate && h.Ephemeral != true });
        Ipfs(options, isPrivate, (i, any) => i with { Policy = any ? Libp2p.AddressPolicy.Any : null });
    }

    private static Kadstone.Hyperswarm.HyperDhtOptions Serve(Kadstone.Hyperswarm.HyperDhtOptions options, ServingMode serving) => options with
    {
        Ephemeral = serving == ServingMode.ReadOnly ? true : null,
        IsReachableAssumed = serving == ServingMode.Always,
    };

    private static void SetDiversity(KadstoneOptions options, string value)
    {
        bool isOn = Values.Flag(value);
        Mainline(options, isOn, (m, on) => m with { Diversity = on });
        Hyperswarm(options, isOn, (h, on) => h with { Diversity = on });
        Ipfs(options, isOn, (i, on) => i with { Host = i.Host with { Limits = on ? new Libp2p.HostLimits() : Libp2p.HostLimits.OneMachine } });
    }

    private static void Mainline<T>(KadstoneOptions options, T value, Func<MainlineOptions, T, MainlineOptions> change) =>
        options.Mainline = options.Mainline is null ? null : change(options.Mainline, value);

    private static void Hyperswarm<T>(KadstoneOptions options, T value, Func<Kadstone.Hyperswarm.HyperDhtOptions, T, Kadstone.Hyperswarm.HyperDhtOptions> change) =>
        options.Hyperswarm = options.Hyperswarm is null ? null : change(options.Hyperswarm, value);

    private static void Ipfs<T>(KadstoneOptions options, T value, Func<IpfsOptions, T, IpfsOptions> change) =>
        options.Ipfs = options.Ipfs is null ? null : change(options.Ipfs, value);

    private static KadstoneSetting One(string key, string fallback, string allowed, string description, Action<KadstoneOptions, string> apply) =>
        new(key, fallback, allowed, description, isList: false, (options, values) => apply(options, values[0]));

    private static KadstoneSetting Many(string key, string fallback, string allowed, string description, Action<KadstoneOptions, IReadOnlyList<string>> apply) =>
        new(key, fallback, allowed, description, isList: true, apply);
}
