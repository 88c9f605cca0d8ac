namespace Kadstone.Ipfs;

/// <summary>The counts of one DHT of a node.</summary>
/// <param name="Scope">Which one.</param>
/// <param name="Protocol">Its protocol id.</param>
/// <param name="IsServer">Whether others are served.</param>
/// <param name="Contacts">Entries of the routing table.</param>
/// <param name="ActiveQueries">Queries under way, the node's own upkeep included.</param>
/// <param name="ProviderKeys">Keys of which others' provider records are held.</param>
/// <param name="Providers">Those provider records.</param>
/// <param name="Answered">Requests of others that were answered, so far.</param>
/// <param name="Refused">Requests of others that were refused, so far.</param>
/// <param name="RateLimited">Requests of others that were more than <see cref="IpfsOptions.RequestsPerPeer"/> allows, so far.</param>
/// <param name="Requests">Our requests, so far.</param>
/// <param name="Failures">Our requests that came to nothing, so far.</param>
/// <param name="NetworkSize">How many servers there seem to be; 0: not known yet.</param>
public sealed record IpfsStatus(
    KadScope Scope,
    string Protocol,
    bool IsServer,
    int Contacts,
    int ActiveQueries,
    int ProviderKeys,
    int Providers,
    long Answered,
    long Refused,
    long RateLimited,
    long Requests,
    long Failures,
    double NetworkSize);
