using System.CommandLine;
using System.Globalization;
using Kadstone.Cli.Verbs.Product.Embedding;
using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product;

/// <summary><c>dht table</c>: the routing tables of the running daemon, a contact a line.</summary>
internal sealed class TableVerb : DaemonVerb
{
    private readonly Argument<string?> _network = NetworkArguments.Argument();
    private readonly Option<bool> _buckets = new("--buckets") { Description = "A line a bucket, and not a contact." };

    internal TableVerb(Terminal terminal)
        : base(
            terminal,
            "table",
            "Shows whom the daemon's nodes know: network, bucket, state, round trip, address and id of each contact. Without a daemon it embeds a node and shows whom that knows after joining.",
            "dht table",
            "dht table mainline --buckets",
            "dht table ipfs -o json")
    {
        Add(_network);
        Add(_buckets);
    }

    protected override EmbeddedUse Embedded => EmbeddedUse.WhenAlone;

    protected override IReadOnlyList<string> Networks(ParseResult arguments) => arguments.GetValue(_network) is string one ? [one] : NetworkArguments.All;

    protected override async Task<int> AskAsync(DaemonClient daemon, ParseResult arguments, Output output, CancellationToken cancellationToken)
    {
        string[] networks = arguments.GetValue(_network) is string one
            ? [one]
            : [.. (await daemon.GetAsync("/v1/status", DaemonClient.Json.StatusAnswer, cancellationToken)).Networks.Select(network => network.Name)];
        int contacts = 0;
        foreach (string network in networks)
        {
            TableAnswer table = await daemon.GetAsync($"/v1/networks/{network}/table", DaemonClient.Json.TableAnswer, cancellationToken);
            foreach (BucketAnswer bucket in table.Buckets)
            {
                contacts += bucket.Contacts.Count;
                if (arguments.GetValue(_buckets))
                {
                    Write(output, network, bucket);
                    continue;
                }

                foreach (EntryAnswer contact in bucket.Contacts)
                {
                    Write(output, network, bucket.Index, contact);
                }
            }
        }

        return contacts > 0
            ? ExitCode.Found
            : throw new CommandFailedException(ExitCode.NothingFound, $"no contact is known in {string.Join(", ", networks)}; 'dht status' says why.");
    }

    private static void Write(Output output, string network, BucketAnswer bucket)
    {
        int Of(string state) => bucket.Contacts.Count(contact => contact.State == state);
        output.Write(
            string.Create(CultureInfo.InvariantCulture, $"{network} {bucket.Index} {bucket.Contacts.Count}/{bucket.Capacity} good {Of("good")} doubtful {Of("doubtful")} bad {Of("bad")}"),
            json =>
            {
                json.WriteString("network", network);
                json.WriteNumber("bucket", bucket.Index);
                json.WriteNumber("capacity", bucket.Capacity);
                json.WriteNumber("contacts", bucket.Contacts.Count);
                json.WriteNumber("good", Of("good"));
                json.WriteNumber("doubtful", Of("doubtful"));
                json.WriteNumber("bad", Of("bad"));
            });
    }

    private static void Write(Output output, string network, int bucket, EntryAnswer contact)
    {
        string agent = contact.Agent is null ? string.Empty : $" {contact.Agent}";
        output.Write(
            string.Create(CultureInfo.InvariantCulture, $"{network} {bucket} {contact.State} {Milliseconds(contact.RttMs)} {contact.Address} {contact.Id}{agent}"),
            json =>
            {
                json.WriteString("network", network);
                json.WriteNumber("bucket", bucket);
                json.WriteString("state", contact.State);
                json.WriteOptional("rtt_ms", contact.RttMs);
                json.WriteOptional("last_seen_seconds", contact.LastSeenSeconds);
                json.WriteString("address", contact.Address);
                json.WriteString("id", contact.Id);
                json.WriteString("agent", contact.Agent);
            });
    }

    private static string Milliseconds(double? value) => value is double known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.#}ms") : "-";
}
