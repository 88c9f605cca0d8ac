using System.Security.Cryptography;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>Info-hashes that no other test asks for.</summary>
internal static class InfoHashes
{
    public static string Next() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));
}
