using System.Diagnostics.CodeAnalysis;
using Kadstone.Libp2p;

namespace Kadstone.Daemon;

/// <summary>Record keys as HTTP clients write them: <c>/ipns/NAME</c> and <c>/pk/NAME</c>, the name in any text of a peer id.</summary>
internal static class RecordKeys
{
    public static bool TryParse(string text, out byte[] key, [NotNullWhen(true)] out PeerId? name)
    {
        key = [];
        name = null;
        if (text.Split('/') is not ["", "ipns" or "pk", string id] || !PeerId.TryParse(id, out name))
        {
            return false;
        }

        key = [.. text.StartsWith("/pk/", StringComparison.Ordinal) ? "/pk/"u8 : "/ipns/"u8, .. name.Bytes.Span];
        return true;
    }

    public static byte[] OfName(PeerId name) => [.. "/ipns/"u8, .. name.Bytes.Span];
}
