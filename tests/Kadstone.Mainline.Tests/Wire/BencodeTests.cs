using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>The encoding of everything on this wire (BEP 3).</summary>
public sealed class BencodeTests
{
    [Theory]
    [InlineData("i0e")]
    [InlineData("i-1e")]
    [InlineData("i42e")]
    [InlineData("i9223372036854775807e")]
    [InlineData("i-9223372036854775808e")]
    [InlineData("i18446744073709551615e")]
    [InlineData("0:")]
    [InlineData("4:spam")]
    [InlineData("10:0123456789")]
    [InlineData("le")]
    [InlineData("de")]
    [InlineData("l0:i1eldeee")]
    [InlineData("d0:i1e1:ai2e2:aai3e1:bi4ee")]
    [InlineData("d1:ad1:ai1ee1:bd1:ai1eee")]
    public void A_canonical_value_passes_the_strict_check(string text) => Bencode.IsCanonical(Encoding.ASCII.GetBytes(text)).ShouldBeTrue();

    [Theory]
    [InlineData("")]
    [InlineData("e")]
    [InlineData("i00e")]
    [InlineData("i01e")]
    [InlineData("i-0e")]
    [InlineData("i-01e")]
    [InlineData("i+1e")]
    [InlineData("ie")]
    [InlineData("i-e")]
    [InlineData("i18446744073709551616e")]
    [InlineData("00:")]
    [InlineData("04:spam")]
    [InlineData("4:spa")]
    [InlineData("4:spamx")]
    [InlineData("l")]
    [InlineData("d1:bi1e1:ai2ee")]
    [InlineData("d1:ai1e1:ai2ee")]
    [InlineData("d0:i1e0:i1ee")]
    [InlineData("d1:ae")]
    [InlineData("di1ei1ee")]
    [InlineData("ld1:bi1e1:ai2eee")]
    [InlineData("d2:aai1e1:bi1e2:abi1ee")]
    public void Anything_else_does_not(string text) => Bencode.IsCanonical(Encoding.ASCII.GetBytes(text)).ShouldBeFalse();

    [Theory]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(5000, false)]
    public void Nesting_ends_at_thirty_two(int depth, bool accepted)
    {
        byte[] lists = Encoding.ASCII.GetBytes(new string('l', depth) + new string('e', depth));

        Bencode.IsCanonical(lists).ShouldBe(accepted);
        Bencode.TrySkip(lists, out int length).ShouldBe(accepted);
        length.ShouldBe(accepted ? lists.Length : 0);
    }

    [Fact]
    public void The_reader_saturates_what_no_long_can_hold()
    {
        Read("i9223372036854775808e").ShouldBe((long.MaxValue, false));
        Read("i18446744073709551615e").ShouldBe((long.MaxValue, false));
        Read("i-9223372036854775809e").ShouldBe((long.MinValue, false));
        Read("i-9223372036854775808e").ShouldBe((long.MinValue, true));
        Read("i-000e").ShouldBe((0, true));
    }

    [Fact]
    public void Every_integer_is_read_as_it_was_written() => Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<long>().Generator.ToArbitrary(), static value =>
    {
        byte[] buffer = new byte[22];
        int written = Bencode.WriteInteger(buffer, value);
        BencodeReader reader = new(buffer.AsSpan(0, written));
        return reader.TryReadInteger(out long read, out bool fits) && fits && read == value && reader.AtEnd && Bencode.IsCanonical(buffer.AsSpan(0, written));
    }));

    [Theory]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    public void An_integer_needs_its_room_exactly(long value)
    {
        int length = value.ToString(System.Globalization.CultureInfo.InvariantCulture).Length + 2;

        Bencode.WriteInteger(new byte[length], value).ShouldBe(length);
        Bencode.WriteInteger(new byte[length - 1], value).ShouldBe(0);
        Bencode.WriteInteger([], value).ShouldBe(0);
    }

    [Fact]
    public void Every_string_is_read_as_it_was_written() => Check.QuickThrowOnFailure(Prop.ForAll(ArbMap.Default.ArbFor<byte[]>(), static value =>
    {
        byte[] buffer = new byte[value.Length + 11];
        int written = Bencode.WriteString(buffer, value);
        BencodeReader reader = new(buffer.AsSpan(0, written));
        return reader.TryReadString(out ReadOnlySpan<byte> read) && read.SequenceEqual(value) && reader.AtEnd
            && Bencode.WriteString(buffer.AsSpan(0, written - 1), value) == 0;
    }));

    private static (long Value, bool Fits) Read(string text)
    {
        BencodeReader reader = new(Encoding.ASCII.GetBytes(text));
        reader.TryReadInteger(out long value, out bool fits).ShouldBeTrue();
        reader.AtEnd.ShouldBeTrue();
        return (value, fits);
    }
}
