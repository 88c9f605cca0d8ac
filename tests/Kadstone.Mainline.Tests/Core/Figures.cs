namespace Kadstone.Mainline.Tests.Core;

/// <summary>What a bar measured, for the report: shown with <c>-showLiveOutput</c>.</summary>
internal static class Figures
{
    internal static void Note(FormattableString figure) => TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant(figure));
}
