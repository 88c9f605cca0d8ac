using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Queries;

/// <summary>Finds the nodes nearest to a key.</summary>
internal sealed class FindNodeQuery(Key160 target) : Query(target)
{
    internal override string Kind => "find_node";

    internal override void WriteQuestion(ref KrpcWriter writer, Walk walk, NodeContact to, in QueryEnvelope envelope) =>
        Write(ref writer, walk.Local, Target, walk.WantsBothFamilies, envelope);

    internal static void Write(ref KrpcWriter writer, LocalNode local, in Key160 target, bool wantsBoth, in QueryEnvelope envelope)
    {
        writer.BeginQuery(local.Id);
        writer.Key("6:target"u8, target);
        if (wantsBoth)
        {
            writer.Raw("4:want"u8, "l2:n42:n6e"u8);
        }

        envelope.End(ref writer, "find_node"u8);
    }
}
