namespace Kadstone.Libp2p.Tests.Wire;

public sealed class ProtobufTests
{
    [Fact]
    public void What_is_written_is_read_in_order()
    {
        byte[] buffer = new byte[64];
        ProtobufWriter writer = new(buffer);
        writer.WriteVarint(1, 0);
        writer.WriteVarint(536_870_911, ulong.MaxValue);
        writer.WriteBytes(2, [1, 2, 3]);
        writer.WriteString(3, "häuser");
        writer.Overflowed.ShouldBeFalse();
        ProtobufReader reader = new(writer.Written);
        reader.TryRead(out ProtobufField field).ShouldBeTrue();
        (field.Is(1, ProtobufWireType.Varint), field.Value).ShouldBe((true, 0ul));
        reader.TryRead(out field).ShouldBeTrue();
        (field.Number, field.Value).ShouldBe((536_870_911, ulong.MaxValue));
        reader.TryRead(out field).ShouldBeTrue();
        field.Bytes.ToArray().ShouldBe([1, 2, 3]);
        reader.TryRead(out field).ShouldBeTrue();
        System.Text.Encoding.UTF8.GetString(field.Bytes).ShouldBe("häuser");
        reader.TryRead(out _).ShouldBeFalse();
        reader.IsMalformed.ShouldBeFalse();
    }

    [Theory]
    [InlineData("08")]
    [InlineData("0a05")]
    [InlineData("0affffffffffffffffff01")]
    [InlineData("00")]
    [InlineData("0b")]
    [InlineData("09000000")]
    [InlineData("08ffffffffffffffffff02")]
    public void What_is_no_field_ends_the_message(string hex)
    {
        ProtobufReader reader = new(Convert.FromHexString(hex));
        reader.TryRead(out _).ShouldBeFalse();
        reader.IsMalformed.ShouldBeTrue();
        reader.TryRead(out _).ShouldBeFalse();
    }

    [Fact]
    public void A_writer_without_room_says_so()
    {
        ProtobufWriter writer = new(new byte[4]);
        writer.WriteBytes(1, [1, 2, 3]);
        writer.Overflowed.ShouldBeTrue();
        ProtobufWriter other = new(new byte[4]);
        other.WriteString(1, "abc");
        other.Overflowed.ShouldBeTrue();
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        byte[] message = LibP2pVectors.Named("identify", "plain").Hex("bytes");
        int fields = Count(message);
        long before = GC.GetAllocatedBytesForCurrentThread();
        int again = Count(message);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        allocated.ShouldBe(0);
        again.ShouldBe(fields);

        static int Count(ReadOnlySpan<byte> message)
        {
            int count = 0;
            ProtobufReader reader = new(message);
            while (reader.TryRead(out _))
            {
                count++;
            }

            return count;
        }
    }
}
