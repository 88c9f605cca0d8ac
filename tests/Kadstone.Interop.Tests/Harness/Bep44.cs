using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kadstone.Interop.Tests.Harness;

internal static class Bep44
{
    /// <summary>SHA-1 of the bencoded string.</summary>
    public static string ImmutableTarget(string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        return Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(utf8.Length.ToString(CultureInfo.InvariantCulture)), (byte)':', .. utf8]));
    }
}
