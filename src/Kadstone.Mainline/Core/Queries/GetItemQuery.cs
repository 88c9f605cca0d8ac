using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core.Queries;

/// <summary>Finds the item under a target, the newest of all answers; with an item to put, stores that at the nearest nodes.</summary>
/// <remarks>BEP 44. Hash and signature are verified here, at the asker: nobody's word is taken.</remarks>
internal sealed class GetItemQuery : Query
{
    private readonly ReadOnlyMemory<byte> _salt;
    private readonly Func<Item?, Item?>? _choose;
    private readonly long? _cas;

    /// <param name="target">SHA-1 of the bencoded value, or of public key and salt.</param>
    /// <param name="salt">The salt of a mutable item, which answers do not carry.</param>
    /// <param name="choose">Called once after the lookup with the newest item found; gives the item to store, or null for none. Null: a mere get.</param>
    /// <param name="cas">The sequence number that must be stored for the put to count; null: any.</param>
    internal GetItemQuery(Key160 target, ReadOnlyMemory<byte> salt, Func<Item?, Item?>? choose = null, long? cas = null)
        : base(target)
    {
        _salt = salt;
        _choose = choose;
        _cas = cas;
    }

    internal override string Kind => _choose is null ? "get" : "put";

    /// <summary>The item that is put after the lookup; null before, and when there is none.</summary>
    internal Item? Put { get; private set; }

    /// <summary>The newest valid item seen so far.</summary>
    internal Item? Newest { get; private set; }

    /// <summary>How many nodes returned the newest item.</summary>
    internal int Copies { get; private set; }

    /// <summary>Answers that carried a value whose hash or signature is wrong.</summary>
    internal int Forged { get; private set; }

    internal override bool Commits => (Put ??= _choose?.Invoke(Newest)) is not null;

    internal override void WriteQuestion(ref KrpcWriter writer, Walk walk, NodeContact to, in QueryEnvelope envelope)
    {
        writer.BeginQuery(walk.Local.Id);
        writer.Key("6:target"u8, Target);
        if (walk.WantsBothFamilies)
        {
            writer.Raw("4:want"u8, "l2:n42:n6e"u8);
        }

        envelope.End(ref writer, "get"u8);
    }

    internal override void Collect(Walk walk, NodeContact from, in KrpcMessage answer, Instant now)
    {
        if (!answer.HasValue)
        {
            return;
        }

        Item? item = Item.FromAnswer(answer, _salt);
        if (item is null || !item.IsValidFor(Target))
        {
            Forged++;
            return;
        }

        if (Newest is null || item.Sequence > Newest.Sequence)
        {
            Newest = item;
            Copies = 1;
        }
        else if (item.Sequence == Newest.Sequence)
        {
            Copies++;
        }
    }

    internal override int CountValues(in KrpcMessage answer) => answer.HasValue ? 1 : 0;

    internal override void WriteCommit(ref KrpcWriter writer, Walk walk, NodeContact to, scoped ReadOnlySpan<byte> token, in QueryEnvelope envelope)
    {
        Item item = Put ?? throw new InvalidOperationException("This query puts nothing.");
        if (item.IsMutable && _cas is long cas)
        {
            writer.BeginQuery(walk.Local.Id, cas);
        }
        else
        {
            writer.BeginQuery(walk.Local.Id);
        }

        if (item.IsMutable)
        {
            writer.Bytes("1:k"u8, item.PublicKey.Span);
            if (!item.Salt.IsEmpty)
            {
                writer.Bytes("4:salt"u8, item.Salt.Span);
            }

            writer.Integer("3:seq"u8, item.Sequence);
            writer.Bytes("3:sig"u8, item.Signature.Span);
        }

        writer.Bytes("5:token"u8, token);
        writer.Raw("1:v"u8, item.Value.Span);
        envelope.End(ref writer, "put"u8);
    }
}
