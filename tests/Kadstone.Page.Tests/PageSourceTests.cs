using System.Text.RegularExpressions;
using Kadstone.Daemon.Page;

namespace Kadstone.Page.Tests;

/// <summary>The rules of the page's sources, read as they are served.</summary>
public sealed partial class PageSourceTests
{
    private const int MostLines = 320;

    public static TheoryData<string> Files => [.. new PageFiles().Paths];

    [Fact]
    public void The_page_is_there() => new[] { "/index.html", "/app.css", "/views.css", "/app.js", "/icon.svg", "/lib/dom.js" }.ShouldBeSubsetOf(new PageFiles().Paths);

    [Theory]
    [MemberData(nameof(Files))]
    public void No_string_becomes_markup_or_script(string path) =>
        Unsafe().Matches(Read(path)).Select(match => match.Value).ShouldBeEmpty($"{path} turns strings into markup or script");

    [Theory]
    [MemberData(nameof(Files))]
    public void Nothing_is_asked_of_anybody_else(string path) =>
        Elsewhere().Matches(Read(path)).Select(match => match.Value).Where(address => address != "http://www.w3.org").ShouldBeEmpty($"{path} names another place");

    [Fact]
    public void The_index_has_nothing_inline() => Inline().Matches(Read("/index.html")).Select(match => match.Value).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_is_short_enough_to_read(string path) => Read(path).Split('\n').Length.ShouldBeLessThan(MostLines);

    [Theory]
    [MemberData(nameof(Files))]
    public void Elements_are_made_in_one_place(string path)
    {
        if (path != "/lib/dom.js")
        {
            Making().Matches(Read(path)).Select(match => match.Value).ShouldBeEmpty($"{path} makes elements past lib/dom.js");
        }
    }

    private static string Read(string path)
    {
        using Stream stream = typeof(PageFiles).Assembly.GetManifestResourceStream("page" + path).ShouldNotBeNull();
        using StreamReader reader = new(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|setHTML|srcdoc\s*=|\beval\b|new Function|setTimeout\(\s*['""`]|javascript:|cssText|importScripts")]
    private static partial Regex Unsafe();

    [GeneratedRegex(@"\b(?:https?|wss?):(?://[\w.-]+)?|url\(|@import")]
    private static partial Regex Elsewhere();

    [GeneratedRegex(@"<style|style=|\son\w+=|<script(?![^>]*\ssrc=)|<base")]
    private static partial Regex Inline();

    [GeneratedRegex(@"createElement\w*\(|setAttributeNS|createTextNode\(")]
    private static partial Regex Making();
}
