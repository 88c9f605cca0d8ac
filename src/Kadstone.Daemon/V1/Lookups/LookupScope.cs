namespace Kadstone.Daemon.V1.Lookups;

/// <summary>Tells a request which lookup it began: the first of its network that begins in its own flow.</summary>
/// <remarks>A lookup begins on the thread of whoever wants it, so that what flows with a request is seen there.</remarks>
internal sealed class LookupScope
{
    private static readonly AsyncLocal<LookupScope?> s_current = new();

    private readonly string _network;
    private string? _id;

    private LookupScope(string network) => _network = network;

    /// <summary>The lookup's id; null: none began, or none yet.</summary>
    public string? Id => Volatile.Read(ref _id);

    /// <summary>Opens a scope for the rest of the caller's flow.</summary>
    public static LookupScope Open(string network)
    {
        LookupScope scope = new(network);
        s_current.Value = scope;
        return scope;
    }

    internal static void Note(string network, string id)
    {
        if (s_current.Value is { } scope && scope._network == network)
        {
            Interlocked.CompareExchange(ref scope._id, id, null);
        }
    }
}
