using System.CommandLine;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <summary><c>dht records</c>: what is stored here, for others and for ourselves.</summary>
internal sealed class RecordsGroup : Command
{
    internal RecordsGroup(Terminal terminal)
        : base("records", "The records that this machine stores: of the running daemon, or of a store while none runs.")
    {
        Add(new RecordsListVerb(terminal));
        Add(new RecordsShowVerb(terminal));
        Add(new RecordsCountVerb(terminal));
        Add(new RecordsExportVerb(terminal));
        Add(new RecordsSweepVerb(terminal));
    }
}
