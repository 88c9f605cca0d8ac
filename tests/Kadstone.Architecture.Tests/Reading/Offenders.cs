namespace Kadstone.Architecture.Tests.Reading;

/// <summary>Fails a rule with one line an offender.</summary>
internal static class Offenders
{
    public static void ShouldBeNone(this IEnumerable<string> offenders, string rule)
    {
        string[] lines = [.. offenders];
        if (lines.Length > 0)
        {
            Assert.Fail($"{rule}\n  {string.Join("\n  ", lines)}\n");
        }
    }
}
