namespace Kadstone.Kademlia;

internal enum CandidateState : byte
{
    Unasked,
    Asked,
    Late,
    Answered,
    Failed,

    /// <summary>Never asked, because its host was asked often enough.</summary>
    Passed,
}
