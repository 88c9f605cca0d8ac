namespace Kadstone.Ipfs;

/// <summary>One thing that happened in a query.</summary>
/// <param name="Type">What. A number that this version does not know prints as <c>type=N</c>.</param>
/// <param name="Id">The peer that it is about.</param>
/// <param name="Responses">Peers that were named; empty where none were.</param>
/// <param name="Extra">More, as text: the reason of an error (<c>dial backoff</c> when a peer could not be reached a moment ago), or a value in base64. Else empty.</param>
public sealed record QueryEvent(QueryEventType Type, PeerId Id, IReadOnlyList<PeerInfo> Responses, string Extra)
{
    /// <summary><c>dial backoff</c>: the extra of an error at a peer that could not be reached a moment ago and is not dialed again yet.</summary>
    public const string DialBackoff = "dial backoff";

    /// <summary>One line for people.</summary>
    public override string ToString()
    {
        string type = Enum.IsDefined(Type) ? Type.ToString() : $"type={(int)Type}";
        string responses = Responses.Count > 0 ? $" [{string.Join(' ', Responses.Select(peer => peer.Id))}]" : "";
        return $"{type} {Id}{responses}{(Extra.Length > 0 ? $" {Extra}" : "")}";
    }
}
