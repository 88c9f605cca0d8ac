namespace Kadstone.Ipfs;

/// <summary>What happened in a query. The numbers are those that Kubo and js-ipfs send.</summary>
public enum QueryEventType
{
    /// <summary>0: a request goes to a peer.</summary>
    SendingQuery = 0,

    /// <summary>1: a peer answered; the responses are the closer peers that it named.</summary>
    PeerResponse = 1,

    /// <summary>2: a peer is among the closest.</summary>
    FinalPeer = 2,

    /// <summary>3: a peer did not answer, or wrongly; the extra says why.</summary>
    QueryError = 3,

    /// <summary>4: a provider was found; it is the response.</summary>
    Provider = 4,

    /// <summary>5: a value was found; the extra is its base64.</summary>
    Value = 5,

    /// <summary>6: a peer will be asked, unless the query ends before.</summary>
    AddingPeer = 6,

    /// <summary>7: a peer is being dialed.</summary>
    DialingPeer = 7,
}
