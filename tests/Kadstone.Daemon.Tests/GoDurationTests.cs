using Kadstone.Daemon.Kubo;

namespace Kadstone.Daemon.Tests;

public sealed class GoDurationTests
{
    [Theory]
    [InlineData("1ms", 1)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1m0.5s", 60_500)]
    [InlineData("250us", 0.25)]
    [InlineData("7", 7_000)]
    public void Reads_what_Go_writes(string text, double milliseconds)
    {
        GoDuration.TryParse(text, out TimeSpan duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("1x")]
    [InlineData("-1s")]
    [InlineData("1s2")]
    [InlineData("1..2s")]
    [InlineData("soon")]
    [InlineData("1e3s")]
    public void Refuses_what_is_no_duration(string text) => GoDuration.TryParse(text, out _).ShouldBeFalse();

    [Fact]
    public void The_longest_is_ten_years_and_overflows_nothing()
    {
        GoDuration.TryParse("99999999999999999999999999999999h", out TimeSpan duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromDays(3650));
    }

    [Fact]
    public void A_nanosecond_is_more_than_nothing()
    {
        GoDuration.TryParse("1ns", out TimeSpan duration).ShouldBeTrue();
        duration.ShouldBe(TimeSpan.FromTicks(1));
    }
}
