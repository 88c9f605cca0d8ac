using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>One question to one contact: from the first datagram until the answer or silence.</summary>
internal sealed class Gen1OpenRequest
{
    internal required IGen1Asker Asker { get; init; }

    internal required Gen1Question Question { get; init; }

    /// <summary>Who must answer, from this endpoint. Of an endpoint alone the id is 0.</summary>
    internal required Gen1Contact To { get; init; }

    /// <summary>Who passes the question on as well, for a contact behind a NAT.</summary>
    internal UdpEndpoint? Referrer { get; init; }

    /// <summary>The contact's own token, for a commit.</summary>
    internal ReadOnlyMemory<byte>? Token { get; init; }

    /// <summary>How often the datagram may be sent; under the same transaction each time, so that a late answer still fits.</summary>
    internal required int MaxAttempts { get; init; }

    internal uint Transaction { get; set; }

    internal int Attempts { get; set; }

    internal Instant SentAt { get; set; }

    internal bool IsOpen { get; set; }
}

/// <summary>Who asked, and is told what became of it, exactly once.</summary>
internal interface IGen1Asker
{
    /// <summary>Whether nobody waits any more: then nothing is sent again.</summary>
    bool IsOver => false;

    /// <summary>The contact answered; perhaps without an id, perhaps under another than it was asked by.</summary>
    void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now);

    /// <summary>No answer came in time.</summary>
    void Silent(Gen1OpenRequest request, Instant now);
}
