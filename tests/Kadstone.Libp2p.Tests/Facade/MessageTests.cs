namespace Kadstone.Libp2p.Tests.Facade;

public sealed class MessageTests
{
    private static CancellationToken Cancelled => Hosts.Cancelled;

    [Fact]
    public async Task Messages_come_as_they_were_written_until_the_end()
    {
        using Recorded stream = new([]);
        byte[] large = new byte[100_000];
        new Random(1).NextBytes(large);
        foreach (byte[] message in new[] { [], [1, 2, 3], large })
        {
            await stream.WriteMessageAsync(message, Cancelled);
        }

        using Recorded back = new(stream.Written);
        (await back.ReadMessageAsync(100_000, Cancelled)).ShouldBe([]);
        (await back.ReadMessageAsync(100_000, Cancelled)).ShouldBe([1, 2, 3]);
        (await back.ReadMessageAsync(100_000, Cancelled)).ShouldBe(large);
        (await back.ReadMessageAsync(100_000, Cancelled)).ShouldBeNull();
    }

    [Theory]
    [InlineData("05", typeof(EndOfStreamException))]
    [InlineData("0501", typeof(EndOfStreamException))]
    [InlineData("80", typeof(EndOfStreamException))]
    [InlineData("8000", typeof(InvalidDataException))]
    [InlineData("e907", typeof(InvalidDataException))]
    [InlineData("ffffffffffffffffff", typeof(InvalidDataException))]
    public async Task What_is_no_message_is_refused(string hex, Type expected)
    {
        using Recorded stream = new(Convert.FromHexString(hex));
        (await Record.ExceptionAsync(async () => await stream.ReadMessageAsync(1000, Cancelled))).ShouldBeOfType(expected);
    }

    [Fact]
    public async Task Memory_grows_with_what_came_and_not_with_what_was_announced()
    {
        using Recorded warm = new([0x80, 0x80, 0x80, 0x20]);
        await Should.ThrowAsync<EndOfStreamException>(async () => await warm.ReadMessageAsync(1 << 30, Cancelled));
        using Recorded stream = new([0x80, 0x80, 0x80, 0x20, .. new byte[20_000]]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ValueTask<byte[]?> reading = stream.ReadMessageAsync(1 << 30, Cancelled);
        reading.IsCompleted.ShouldBeTrue("all of it is done on this thread");
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(128 * 1024);
        await Should.ThrowAsync<EndOfStreamException>(async () => await reading);
    }

    [Fact]
    public async Task Reading_and_writing_are_asynchronous_only()
    {
        await using Recorded stream = new([]);
        Should.Throw<NotSupportedException>(() => stream.Read(new byte[1], 0, 1));
        Should.Throw<NotSupportedException>(() => stream.Write(new byte[1], 0, 1));
        Should.Throw<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Should.Throw<NotSupportedException>(() => stream.SetLength(0));
        Should.Throw<NotSupportedException>(() => stream.Length);
        (stream.CanRead, stream.CanWrite, stream.CanSeek).ShouldBe((true, true, false));
    }

    /// <summary>Bytes that were recorded, and a record of those that are written.</summary>
    private sealed class Recorded(byte[] bytes) : PeerStream
    {
        private readonly MemoryStream _read = new(bytes);
        private readonly MemoryStream _written = new();

        public byte[] Written => _written.ToArray();

        public override PeerId Remote { get; } = PrivateKey.FromSeed(new byte[32]).PeerId;

        public override string Protocol => "/recorded/1";

        public override ValueTask CloseWriteAsync() => ValueTask.CompletedTask;

        public override void Reset()
        {
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(_read.Read(buffer.Span));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _written.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            _read.Dispose();
            _written.Dispose();
            base.Dispose(disposing);
        }
    }
}
