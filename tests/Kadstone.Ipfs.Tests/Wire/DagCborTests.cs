using Kadstone.Ipfs.Wire;

namespace Kadstone.Ipfs.Tests.Wire;

public sealed class DagCborTests
{
    [Theory]
    [InlineData(0UL, "00")]
    [InlineData(23UL, "17")]
    [InlineData(24UL, "1818")]
    [InlineData(255UL, "18ff")]
    [InlineData(256UL, "190100")]
    [InlineData(65536UL, "1a00010000")]
    [InlineData(4294967296UL, "1b0000000100000000")]
    [InlineData(ulong.MaxValue, "1bffffffffffffffff")]
    public void A_number_takes_its_shortest_form(ulong value, string hex)
    {
        DagCborWriter writer = new();
        writer.WriteUnsigned(value);

        Convert.ToHexStringLower(writer.ToArray()).ShouldBe(hex);
        DagCborReader reader = new(writer.ToArray());
        reader.TryReadUnsigned(out ulong read).ShouldBeTrue();
        read.ShouldBe(value);
        reader.IsAtEnd.ShouldBeTrue();
    }

    [Theory]
    [InlineData("1817")]
    [InlineData("1900ff")]
    [InlineData("1a0000ffff")]
    [InlineData("1b00000000ffffffff")]
    [InlineData("1c")]
    [InlineData("1f")]
    [InlineData("19ff")]
    public void A_longer_form_or_half_a_number_is_refused(string hex) => new DagCborReader(Convert.FromHexString(hex)).TryReadUnsigned(out _).ShouldBeFalse();

    [Theory]
    [InlineData("a16161 83 01 42 0102 f5")]
    [InlineData("d82a 43 000102")]
    [InlineData("fb3ff8000000000000")]
    public void Any_value_can_be_passed_over(string hex)
    {
        DagCborReader reader = new(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        reader.TrySkip().ShouldBeTrue();
        reader.IsAtEnd.ShouldBeTrue();
    }

    [Theory]
    [InlineData("5bffffffffffffffff")]
    [InlineData("9bffffffffffffffff")]
    [InlineData("bb8000000000000000")]
    [InlineData("81818181818181818181818181818100")]
    [InlineData("5f41ff")]
    public void A_length_that_is_not_there_and_a_depth_without_end_are_refused(string hex) => new DagCborReader(Convert.FromHexString(hex)).TrySkip().ShouldBeFalse();

    [Theory]
    [InlineData("a0", "no keys")]
    [InlineData("a2 63 54544c 00 63 54544c 00", "a key twice")]
    [InlineData("a1 41 00 00", "a key that is no text")]
    public void Data_without_its_five_keys_is_none(string hex, string why) => IpnsData.TryRead(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal))).ShouldBeNull(why);

    [Fact]
    public void A_key_that_we_do_not_know_is_passed_over()
    {
        byte[] known = new IpnsData("v"u8.ToArray(), "w"u8.ToArray(), 0, 1, 2).Encode();
        byte[] longer = [0xa6, .. known[1..], 0x61, (byte)'x', 0x82, 0x01, 0x02];

        IpnsData.TryRead(longer).ShouldNotBeNull().Sequence.ShouldBe(1UL);
        IpnsData.TryRead([.. longer, 0x00]).ShouldBeNull();
    }
}
