using System.Buffers.Binary;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Core;

/// <summary>One question to one contact: from the first datagram until the answer, an error or silence.</summary>
internal sealed class Request
{
    internal required IAsker Asker { get; init; }

    internal required LocalNode Local { get; init; }

    internal required NodeContact To { get; init; }

    /// <summary>Whether <see cref="To"/> names a node id that the answer must carry.</summary>
    internal required bool IsIdKnown { get; init; }

    /// <summary>How often the datagram may be sent; the same transaction each time, so that a late answer still fits.</summary>
    internal required int MaxAttempts { get; init; }

    internal uint Transaction { get; set; }

    internal int Attempts { get; set; }

    internal Instant SentAt { get; set; }

    internal bool IsOpen { get; set; }
}

/// <summary>Who asked: writes the question, and is told what became of it, exactly once.</summary>
internal interface IAsker
{
    /// <summary>Writes a whole query: begin, arguments in sorted order, and through <paramref name="envelope"/> its end.</summary>
    void Write(ref KrpcWriter writer, Request request, in QueryEnvelope envelope);

    /// <summary>The contact answered.</summary>
    void Answered(Request request, in KrpcMessage answer, NodeContact from, Instant now);

    /// <summary>The contact answered with an error.</summary>
    void Refused(Request request, int code, Instant now);

    /// <summary>No valid answer came in time.</summary>
    void Silent(Request request, Instant now);

    /// <summary>Another node than the one asked for answered from its endpoint.</summary>
    void Mistaken(Request request, NodeContact actual, Instant now) => Silent(request, now);
}

/// <summary>The parts of a query that are the same whatever it asks.</summary>
/// <param name="IsReadOnly">Whether we do not answer queries (BEP 43).</param>
/// <param name="Transaction">What the answer must echo.</param>
/// <param name="Version">Our client version; may be empty.</param>
/// <param name="Now">The present moment.</param>
internal readonly record struct QueryEnvelope(bool IsReadOnly, uint Transaction, ReadOnlyMemory<byte> Version, Instant Now)
{
    internal void End(ref KrpcWriter writer, scoped ReadOnlySpan<byte> method)
    {
        Span<byte> transaction = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(transaction, Transaction);
        writer.EndQuery(method, IsReadOnly, transaction, Version.Span);
    }
}
