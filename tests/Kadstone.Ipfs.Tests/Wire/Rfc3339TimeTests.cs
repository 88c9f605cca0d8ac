using System.Text;
using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Wire;

public sealed class Rfc3339TimeTests
{
    [Theory]
    [InlineData("2024-01-02T03:04:05.678000000Z", "2024-01-02T03:04:05.678000000Z")]
    [InlineData("2024-01-02T03:04:05Z", "2024-01-02T03:04:05.000000000Z")]
    [InlineData("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456789Z")]
    [InlineData("2024-01-02T05:04:05.5+02:00", "2024-01-02T03:04:05.500000000Z")]
    [InlineData("1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900000000Z")]
    public void A_time_reads_and_prints(string text, string printed)
    {
        Rfc3339Time.TryParse(Encoding.ASCII.GetBytes(text), out Rfc3339Time time).ShouldBeTrue();
        time.ToString().ShouldBe(printed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2024-01-02T03:04:05")]
    [InlineData("2024-01-02 03:04:05Z")]
    [InlineData("2024-13-02T03:04:05Z")]
    [InlineData("2024-01-02T03:04:05.Z")]
    [InlineData("2024-01-02T03:04:05.1234567890Z")]
    [InlineData("2024-01-02T03:04:05.1")]
    [InlineData("2024-01-02T03:04:05+2:00")]
    [InlineData("0001-01-01T00:00:00+23:00")]
    public void What_is_no_time_is_refused(string text) => Rfc3339Time.TryParse(Encoding.ASCII.GetBytes(text), out _).ShouldBeFalse();

    [Fact]
    public void Times_order_to_the_nanosecond()
    {
        Rfc3339Time.TryParse("2024-01-02T03:04:05.000000001Z"u8, out Rfc3339Time earlier).ShouldBeTrue();
        Rfc3339Time.TryParse("2024-01-02T03:04:05.000000002Z"u8, out Rfc3339Time later).ShouldBeTrue();
        earlier.CompareTo(later).ShouldBeLessThan(0);
    }

    [Fact]
    public void A_time_of_the_clock_keeps_its_ticks()
    {
        DateTimeOffset time = new DateTimeOffset(1950, 6, 7, 8, 9, 10, TimeSpan.FromHours(3)).AddTicks(1234567);

        Rfc3339Time.From(time).ToDateTimeOffset().ShouldBe(time);
    }
}
