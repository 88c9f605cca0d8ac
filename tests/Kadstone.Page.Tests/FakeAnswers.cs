using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Kadstone.Page.Tests;

/// <summary>What a daemon with three networks would answer, the same each time. Ids come from hashes of their number.</summary>
internal sealed class FakeAnswers
{
    public const int Records = 100_000;

    public const string IpfsVerdict = "IPFS: works, with 236 contacts, but others do not reach it.";
    private const string IpfsNext = "Let TCP port 4001 through from outside: forward it in the router, allow it in the firewall.";

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);
    private static readonly string[] s_agents = ["LT 2.0.11", "UT 3.6", "TR 4.0.5", "kubo/0.39.0", "rust-libp2p/0.56", "go-ipfs/0.21", "hyperdht 6.20", "KS 0.1"];

    /// <summary>When the fake's answers are from.</summary>
    public DateTimeOffset Now { get; } = DateTimeOffset.UtcNow;

    public bool IsEmpty { get; init; }

    public bool IsDevnet { get; init; }

    public static JsonNode Node(object value) => JsonSerializer.SerializeToNode(value, s_json).ShouldNotBeNull();

    /// <summary>The status after so many seconds of a daemon whose traffic goes in waves.</summary>
    public JsonNode Status(int uptime, string level = "warn", string verdict = IpfsVerdict, string? next = IpfsNext) => Node(new
    {
        Version = "0.4.0",
        StartedAt = Now.AddSeconds(-uptime),
        UptimeSeconds = uptime,
        Profile = "laptop",
        Verdict = new { Level = level, Text = verdict, Next = next },
        Networks = new object[]
        {
            Network("mainline", 1, uptime, IsEmpty ? ("warn", "Mainline: joining, nobody has answered yet.", "Wait a few seconds.") : ("ok", "Mainline: works, with 184 contacts, and others reach it.", null), 184, 9_412_000, ["203.0.113.7:6881", "[2001:db8::7]:6881"], "serving", true, (312, 14_208), 200),
            Network("hyperswarm", 2, uptime, ("ok", "Hyperswarm: works, with 141 contacts.", null), 141, 61_300, ["203.0.113.7:49737"], "ephemeral", null, (57, 1_904), 200),
            Network("ipfs", 3, uptime, ("warn", IpfsVerdict, IpfsNext), 236, 8_930, ["/ip4/192.0.2.44/tcp/4001"], "client", false, (0, 0), null),
        },
        Store = new { Kind = "sqlite", Name = "node.db", State = "ok", Error = (string?)null, Records = IsEmpty ? 0 : Records },
        Devnet = IsDevnet ? new { Nodes = new { Mainline = 12, Hyperswarm = 6, Ipfs = 4 } } : null,
    });

    public JsonNode Table(string network)
    {
        int seed = Seed(network);
        string own = KeyOf(seed, IsEmpty ? "empty" : "own", network);
        TableBucket[] buckets = [.. Enumerable.Range(0, 13).Select(index => Bucket(network, own, index))];
        return Node(new { Id = own, Keyspace = own, Size = buckets.Sum(bucket => bucket.Contacts.Length), Buckets = buckets });
    }

    public JsonNode Lookups() => Node(new { Lookups = IsEmpty ? [] : Enumerable.Range(0, 64).Select(Summary).ToArray() });

    public JsonNode Lookup(int number)
    {
        JsonObject lookup = Node(Summary(number)).AsObject();
        string network = lookup["network"].ShouldNotBeNull().GetValue<string>();
        string target = lookup["keyspace"].ShouldNotBeNull().GetValue<string>();
        lookup["steps"] = Node(Steps(network, target, number));
        lookup["closest"] = Node(Enumerable.Range(0, 8).Select(at => Contact(network, 900 + at, Near(target, 22 - at, at))));
        return lookup;
    }

    /// <summary>One screen of many records; the cursor is the number of the last one.</summary>
    public JsonNode RecordsAfter(string? shelf, int after, int limit)
    {
        int end = IsEmpty ? 0 : Math.Min(Records, after + Math.Min(limit, 1000));
        string[] shelves = ["mainline-items", "mainline-peers", "hyperswarm-values"];
        return Node(new
        {
            Shelves = IsEmpty ? [] : new object[] { new { Shelf = shelves[0], Count = 85_120 }, new { Shelf = shelves[1], Count = 12_806 }, new { Shelf = shelves[2], Count = 2_074 } },
            Records = Enumerable.Range(after, Math.Max(0, end - after)).Select(number => new
            {
                Shelf = shelf ?? shelves[number % 7 == 3 ? 2 : number % 3 == 1 ? 1 : 0],
                Key = KeyOf(number, "record", "mainline"),
                Bytes = 64 + (number * 37 % 936),
                Sequence = number % 3 == 0 ? number % 40 : 0,
                Expires = Now.AddMinutes(5 + (number * 7 % 115)),
                IsOwn = number % 11 == 2,
            }),
            Next = end < Records && !IsEmpty ? end.ToString(CultureInfo.InvariantCulture) : null,
        });
    }

    public JsonNode Density() => Node(new
    {
        Shelves = IsEmpty ? [] : new object[]
        {
            new { Shelf = "mainline-items", Counts = Enumerable.Range(0, 256).Select(part => DensityAt(part, 0x5c)), IsSampled = true },
            new { Shelf = "hyperswarm-values", Counts = Enumerable.Range(0, 256).Select(part => DensityAt(part, 0xa0) / 9), IsSampled = false },
        },
    });

    public JsonNode Publications() => Node(new
    {
        Publications = IsEmpty ? [] : new object[]
        {
            Publication(1, "mainline", "announcement", 8, 8, new { At = Now.AddMinutes(-3), Ok = true, Text = "Found at 7 of 8 nodes, from a fresh lookup." }),
            Publication(2, "hyperswarm", "announcement", 17, 20, null),
            Publication(3, "mainline", "pkarr", 3, 8, new { At = Now.AddMinutes(-12), Ok = false, Text = "Nobody of the nearest has it: it was taken by 3 nodes that have left since." }),
            Publication(4, "ipfs", "name", 0, 20, null),
        },
    });

    public JsonNode Devnet() => Node(new
    {
        Nodes = Enumerable.Range(0, 22).Select(number => new
        {
            Network = number < 12 ? "mainline" : number < 18 ? "hyperswarm" : "ipfs",
            Number = number,
            Id = KeyOf(number, "devnet", "mainline"),
            Address = $"127.0.0.1:{42_000 + number}",
            IsRunning = number % 9 != 4,
        }),
    });

    public object Summary(int number)
    {
        string network = (number % 3) switch { 0 => "mainline", 1 => "hyperswarm", _ => "ipfs" };
        string state = number switch { 1 => "running", 7 => "failed", 9 => "cancelled", _ => "done" };
        string target = KeyOf(number, "target", network);
        return new
        {
            Id = number.ToString(CultureInfo.InvariantCulture),
            Network = network,
            Kind = (number % 4) switch { 0 => "peers", 1 => "closest", 2 => "announce", _ => "value" },
            Target = target,
            Keyspace = target,
            State = state,
            StartedAt = Now.AddSeconds(-4 - (number * 41)),
            Milliseconds = 830 + (number * 37 % 290),
            Requests = 31 + (number % 9),
            Answers = state == "failed" ? 0 : 26 + (number % 7),
            Hops = 4,
            Stores = number % 4 == 2 ? 8 : 0,
            Stored = number % 4 == 2 ? 7 : 0,
            Found = number % 4 == 1 || state == "failed" ? 0 : number * 5 % 47,
            Reason = state switch
            {
                "running" => null,
                "failed" => "Nobody answered: 14 contacts were asked and all were silent.",
                "cancelled" => "The caller left.",
                _ => "The 8 nearest contacts have answered, and none of them knows a nearer one.",
            },
        };
    }

    private static object Network(
        string name, int seed, int uptime, (string Level, string Text, string? Next) verdict, int contacts, int? nodes, string[] addresses, string mode, bool? reachable, (int Values, int Peers) stored, int? budget)
    {
        string id = KeyOf(Seed(name), "own", name);
        // A wave of half a minute with a ripple on it, summed: counters only rise.
        double sent = Enumerable.Range(0, uptime % 10_000).Sum(second => Rate(second, seed));
        return new
        {
            Name = name,
            verdict.Level,
            Verdict = verdict.Text,
            verdict.Next,
            Id = name switch { "ipfs" => "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo", "hyperswarm" => null, _ => id },
            Keyspace = id,
            Addresses = addresses,
            Contacts = contacts,
            EstimatedNodes = nodes,
            EstimatedDeviation = nodes is null ? (double?)null : 0.09,
            Mode = mode,
            Reachable = reachable,
            IsReady = true,
            Stored = new { stored.Values, stored.Peers },
            Traffic = new { Received = (long)(sent * 0.86), Sent = (long)sent, ReceivedBytes = (long)(sent * 172), SentBytes = (long)(sent * 118), Dropped = new { Malformed = 41 * seed, Limited = 1_207 / seed, Unmatched = 12 } },
            Rates = new { Received = Math.Round(Rate(uptime, seed) * 0.86, 1), Sent = Math.Round(Rate(uptime, seed), 1), ReceivedBytes = Math.Round(Rate(uptime, seed) * 172, 1), SentBytes = Math.Round(Rate(uptime, seed) * 118, 1) },
            Budget = new { PacketsPerSecond = budget, Used = Math.Round(Rate(uptime, 1) + Rate(uptime, 2), 1), Refused = seed == 2 ? 38 : 0 },
            Lookups = new { Running = seed == 2 ? 1 : 0, Done = 211 * seed },
        };
    }

    private static double Rate(int second, int seed) => 26 + (14 * seed * (1 + Math.Sin(second / (4.5 + seed)))) + (9 * Math.Sin(second * 1.7)) + (second % 41 < 4 ? 55 : 0);

    private static int DensityAt(int part, int centre)
    {
        int distance = Math.Min(Math.Abs(part - centre), 256 - Math.Abs(part - centre));
        return (int)(900 * Math.Exp(-distance * distance / 260.0)) + 24 + (part * 31 % 57);
    }

    private TableBucket Bucket(string network, string own, int index)
    {
        int capacity = index < 3 ? 32 : network == "mainline" ? 8 : 20;
        int held = IsEmpty ? 0 : index < 9 ? Math.Max(capacity - (index * 5 % 4), 0) : Math.Max(0, 14 - index);
        return new TableBucket(index, capacity, [.. Enumerable.Range(0, held).Select(at => TableContact(network, (index * 100) + at, Near(own, index, at)))]);
    }

    private static object TableContact(string network, int number, string keyspace) => new
    {
        Id = keyspace,
        Keyspace = keyspace,
        Address = Address(network, number),
        State = (number % 13) switch { 5 or 11 => "doubtful", 12 => "bad", _ => "good" },
        RttMs = number % 17 == 6 ? (double?)null : Math.Round(8 + Math.Pow(number * 29 % 100 / 100.0, 3) * 1400, 1),
        LastSeenSeconds = number % 17 == 6 ? (int?)null : number * 13 % 900,
        Agent = number % 5 == 4 ? null : s_agents[number % s_agents.Length],
    };

    private static IEnumerable<object> Steps(string network, string target, int seed)
    {
        for (int number = 0; number < 34; number++)
        {
            int hop = number < 4 ? 1 : number < 12 ? 2 : number < 24 ? 3 : 4;
            int asked = (hop - 1) * 150 + (number * 23 % 130);
            int rtt = 35 + (number * number * 17 % 190);
            string kind = (number % 9) switch { 4 => "silent", 8 when number > 20 => "refused", _ => "answered" };
            int shared = Math.Min(21, (hop * 4) + (number % 5));
            object contact = Contact(network, number, Near(target, shared, number));
            yield return new { AtMs = asked, Kind = "asked", Contact = contact, Hop = hop, RttMs = (double?)null, DistanceBits = target.Length * 4 - shared, Closer = 0, Values = 0 };
            yield return new
            {
                AtMs = kind == "silent" ? asked + 400 : asked + rtt,
                Kind = kind,
                Contact = contact,
                Hop = hop,
                RttMs = kind == "silent" ? (double?)null : rtt,
                DistanceBits = target.Length * 4 - shared,
                Closer = kind == "answered" ? (hop < 4 ? 8 - (number % 6) : 0) : 0,
                Values = hop == 4 && kind == "answered" && (number + seed) % 3 == 0 ? 4 : 0,
            };
        }
    }

    private object Publication(int number, string network, string kind, int acknowledged, int asked, object? check) => new
    {
        Id = number.ToString(CultureInfo.InvariantCulture),
        Network = network,
        Kind = kind,
        Key = KeyOf(number, "publication", network),
        StartedAt = Now.AddHours(-6),
        LastAt = Now.AddMinutes(-4 * number),
        Acknowledged = acknowledged,
        Asked = asked,
        NextAt = Now.AddMinutes(11 + number),
        Check = check,
    };

    private static object Contact(string network, int number, string keyspace) => new { Id = keyspace, Keyspace = keyspace, Address = Address(network, number) };

    private static string Address(string network, int number) => network == "ipfs"
        ? $"/ip4/198.51.100.{number % 250}/tcp/{4001 + (number % 90)}"
        : $"198.51.100.{number % 250}:{6881 + (number % 900)}";

    private static int Seed(string network) => network switch { "mainline" => 11, "hyperswarm" => 12, _ => 13 };

    private static string KeyOf(int number, string kind, string network) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind} {number} {network}")))[..(network == "mainline" ? 40 : 64)];

    // Shares so many bits with the key, then differs, then is anything.
    private static string Near(string key, int sharedBits, int number)
    {
        byte[] own = Convert.FromHexString(key);
        byte[] other = SHA256.HashData(Encoding.UTF8.GetBytes($"{key} {sharedBits} {number}"))[..own.Length];
        for (int bit = 0; bit <= sharedBits; bit++)
        {
            int mask = 0x80 >> (bit % 8);
            bool isSet = (own[bit / 8] & mask) != 0;
            bool wanted = bit < sharedBits ? isSet : !isSet;
            other[bit / 8] = (byte)(wanted ? other[bit / 8] | mask : other[bit / 8] & ~mask);
        }

        return Convert.ToHexStringLower(other);
    }

    private sealed record TableBucket(int Index, int Capacity, object[] Contacts);
}
