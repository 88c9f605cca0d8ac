namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Packets as a reader wants to see them: hex bytes, and after a <c>|</c> what they mean.</summary>
internal static class AnnotatedHex
{
    /// <summary>The bytes of all lines, without the notes.</summary>
    public static byte[] Bytes(string annotated) => Convert.FromHexString(string.Concat(
        annotated.Split('\n').Select(line => line.Split('|')[0].Replace(" ", string.Empty, StringComparison.Ordinal).Trim())));
}
