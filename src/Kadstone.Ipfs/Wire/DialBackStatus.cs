namespace Kadstone.Ipfs.Wire;

/// <summary>What a peer says of its attempt to dial us.</summary>
internal enum DialBackStatus
{
    /// <summary>It reached us.</summary>
    Reached = 0,

    /// <summary>It tried, and did not.</summary>
    NotReached = 100,

    /// <summary>It did not try.</summary>
    Refused = 101,

    /// <summary>It did not understand us.</summary>
    Misunderstood = 200,
}
