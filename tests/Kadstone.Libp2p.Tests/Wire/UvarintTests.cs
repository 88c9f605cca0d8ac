namespace Kadstone.Libp2p.Tests.Wire;

public sealed class UvarintTests
{
    [Fact]
    public void Numbers_are_written_and_read_as_others_do()
    {
        foreach (System.Text.Json.JsonElement item in LibP2pVectors.List("uvarint"))
        {
            ulong number = item.GetProperty("value").GetUInt64();
            byte[] bytes = new byte[Uvarint.Length(number)];
            Uvarint.Write(bytes, number).ShouldBe(bytes.Length);
            bytes.ShouldBe(item.Hex("bytes"));
            Uvarint.Read([.. bytes, 0xFF], out ulong read, out int length).ShouldBe(WireProgress.Complete);
            (read, length).ShouldBe((number, bytes.Length));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("ffffffffffffffff")]
    public void What_may_go_on_is_incomplete(string hex) => Uvarint.Read(Convert.FromHexString(hex), out _, out _).ShouldBe(WireProgress.Incomplete);

    [Theory]
    [InlineData("8000")]
    [InlineData("ff8000")]
    [InlineData("ffffffffffffffffff")]
    [InlineData("80808080808080808001")]
    public void A_long_form_and_a_tenth_byte_are_refused(string hex) => Uvarint.Read(Convert.FromHexString(hex), out _, out _).ShouldBe(WireProgress.Malformed);

    [Fact]
    public void The_greatest_number_has_nine_bytes()
    {
        byte[] bytes = new byte[Uvarint.MaxLength];
        Uvarint.Write(bytes, Uvarint.MaxValue).ShouldBe(Uvarint.MaxLength);
        Uvarint.Read(bytes, out ulong read, out _).ShouldBe(WireProgress.Complete);
        read.ShouldBe(Uvarint.MaxValue);
        Should.Throw<ArgumentOutOfRangeException>(() => Uvarint.Length(Uvarint.MaxValue + 1));
    }

    [Fact]
    public void A_length_beyond_the_bytes_takes_nothing()
    {
        ReadOnlySpan<byte> source = [5, 1, 2];
        Uvarint.TryTakeBytes(ref source, out _).ShouldBeFalse();
        source.Length.ShouldBe(3);
    }
}
