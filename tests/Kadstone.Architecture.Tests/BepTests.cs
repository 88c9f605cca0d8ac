using System.Globalization;
using System.Text.RegularExpressions;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>Every rule of the protocol carries its source, and a test that holds it.</summary>
public sealed class BepTests
{
    public static TheoryData<int> Spoken => [3, 5, 32, 33, 42, 43, 44, 45, 46, 51];

    [Theory]
    [MemberData(nameof(Spoken))]
    public void A_proposal_is_cited_in_the_code_and_in_a_test(int bep)
    {
        Citing(bep, "src/Kadstone.Mainline/").Length.ShouldBePositive($"no file of src/Kadstone.Mainline cites \"BEP {bep}\": each rule names its source");
        Citing(bep, "tests/").Length.ShouldBePositive($"no test cites \"BEP {bep}\": each proposal that we claim has a test that says so");
    }

    [Fact]
    public void The_list_above_is_what_the_facade_claims()
    {
        string claim = Regex.Match(Repository.Read("src/Kadstone.Mainline/MainlineDht.cs"), @"<remarks>BEP ([\d, and]+)\.").Groups[1].Value;
        string[] claimed = [.. Regex.Matches(claim, @"\d+").Select(match => match.Value)];
        string[] held = [.. Spoken.Select(row => row.Data.ToString(CultureInfo.InvariantCulture))];
        claimed.Except(held).ShouldBeNone("MainlineDht's documentation claims a proposal that this test does not hold:");
    }

    private static string[] Citing(int bep, string folder) =>
    [
        .. Repository.Sources(folder)
            .Where(path => !path.StartsWith("tests/Kadstone.Architecture.Tests/", StringComparison.Ordinal))
            // A test's name is a sentence with underscores.
            .Where(path => Regex.IsMatch(Repository.Read(path), $@"(?<![A-Za-z0-9])BEP[ _]{bep}(?![0-9])")),
    ];
}
