using System.Text;
using System.Text.RegularExpressions;
using Kadstone.Architecture.Tests.Reading;

namespace Kadstone.Architecture.Tests;

/// <summary>The repository knows no machine but the reader's.</summary>
public sealed partial class TraceTests
{
    [Fact]
    public void No_file_names_a_place_on_somebodys_machine() =>
        (from path in Repository.Files
         let text = TextOf(path)
         where text is not null
         from match in Place().Matches(text)
         select $"{path}:{Repository.LineOf(text, match.Index)}: {match.Value}")
        .ShouldBeNone("An absolute path of one machine: find it from the repository's root, or ask for it as an option:");

    [Fact]
    public void Packages_come_from_the_public_registries() =>
        (from path in Repository.Files
         let text = TextOf(path)
         where text is not null
         from match in Registry().Matches(text)
         select $"{path}:{Repository.LineOf(text, match.Index)}: {match.Value}")
        .ShouldBeNone("A registry that only one workplace can reach:");

    [Fact]
    public void A_lock_file_names_the_registry_that_everyone_has() =>
        (from path in Repository.Files
         where Path.GetFileName(path) == "package-lock.json"
         from match in Resolved().Matches(Repository.Read(path))
         where !match.Groups[1].Value.StartsWith("https://registry.npmjs.org/", StringComparison.Ordinal)
         select $"{path}: {match.Groups[1].Value}")
        .ShouldBeNone("A package-lock.json that resolves elsewhere than at registry.npmjs.org:");

    [Fact]
    public void No_feed_is_configured() =>
        Repository.Files.Where(path => Path.GetFileName(path).ToUpperInvariant() is "NUGET.CONFIG" or ".NPMRC" or ".YARNRC")
            .ShouldBeNone("Where packages come from is the reader's choice, or the default:");

    [Theory]
    [InlineData("see /ho" + "me/ann/kadstone/README.md")]
    [InlineData("cd /wo" + "rk/main")]
    [InlineData("/ro" + "ot/.nuget")]
    [InlineData("/Us" + "ers/ann/src")]
    [InlineData(@"C:\Us" + @"ers\ann")]
    [InlineData("/t" + "mp/ann/x")]
    public void The_check_finds(string place) => Place().IsMatch(place).ShouldBeTrue();

    [Theory]
    [InlineData("https://example.org/home/page")]
    [InlineData("/usr/bin/python3")]
    [InlineData("src/work/item")]
    public void The_check_leaves_alone(string place) => Place().IsMatch(place).ShouldBeFalse();

    private static string? TextOf(string path)
    {
        byte[] bytes = File.ReadAllBytes(Repository.Absolute(path));
        return bytes.AsSpan().Contains((byte)0) ? null : Encoding.UTF8.GetString(bytes);
    }

    [GeneratedRegex(@"(?<![\w.\-/~])/(?:home/\w|work/|root/|Users/\w|tmp/(?!\$|XXX)\w|mnt/\w|opt/build)|\b[A-Z]:\\Users\\")]
    private static partial Regex Place();

    [GeneratedRegex(@"https?://(?:[\w\-]+\.)*(?:artifactory|nexus|verdaccio|proget|jfrog)[\w.\-]*|https?://[\w.\-]+\.(?:internal|corp|intranet|lan)\b[^\s""]*", RegexOptions.IgnoreCase)]
    private static partial Regex Registry();

    [GeneratedRegex(@"""resolved"":\s*""([^""]+)""")]
    private static partial Regex Resolved();
}
