using System.Net;
using Kadstone.Daemon.Content;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

/// <summary>Bitswap, asked by a plain libp2p host: messages as bitswap 1.2.0 numbers their fields.</summary>
public sealed class BlockServerTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<List<byte[]>> _received = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DaemonNode _node = null!;
    private Libp2pHost _asker = null!;

    [Fact]
    public async Task Blocks_that_are_here_are_sent_and_what_is_not_is_said()
    {
        Cid framed = Cid.Parse((await _node.CallAsync("add", "framed"u8.ToArray())).ShouldBeOk().Object.GetProperty("Hash").GetString()!);
        Cid raw = Cid.Parse((await _node.CallAsync("block/put", "raw"u8.ToArray())).ShouldBeOk().Object.GetProperty("Key").GetString()!);
        Cid absent = Cid.OfRaw("absent"u8);
        await SendAsync(Message([Entry(framed), Entry(raw), Entry(raw, type: 1), Entry(absent, asksForAbsence: true), Entry(Cid.OfRaw("silent"u8)), Entry(absent, cancels: true)]));

        List<byte[]> messages = await _received.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        messages.Count.ShouldBe(3);
        messages[0].ShouldBe((byte[])[.. Field(4, [.. Field(1, raw.Bytes.ToArray()), 0x10, 0]), .. Field(4, [.. Field(1, absent.Bytes.ToArray()), 0x10, 1])]);
        messages[1].ShouldBe(Field(3, [.. Field(1, [0, 0x70, 0x12, 0x20]), .. Field(2, UnixFs.Cut("framed"u8, 0, false)[0].Bytes)]));
        messages[2].ShouldBe(Field(3, [.. Field(1, [1, 0x55, 0x12, 0x20]), .. Field(2, "raw"u8.ToArray())]));
    }

    [Fact]
    public async Task Garbage_resets_the_stream_and_harms_nobody()
    {
        await using PeerStream stream = await _asker.OpenAsync(Node, BlockServer.Protocol, TestContext.Current.CancellationToken);
        await stream.WriteMessageAsync(new byte[] { 0x0A, 0xFF, 0x01 }, TestContext.Current.CancellationToken);
        await Should.ThrowAsync<StreamResetException>(async () => await stream.ReadExactlyAsync(new byte[1], TestContext.Current.CancellationToken));
        (await _node.CallAsync("version")).ShouldBeOk();
    }

    [Theory]
    [InlineData("")]
    [InlineData("0A")]
    [InlineData("0A020A00")]
    [InlineData("0A040A020A00")]
    [InlineData("0AFFFFFFFFFFFFFFFFFF01")]
    [InlineData("12051234567890")]
    public void Any_bytes_are_read_or_refused_and_never_thrown_at(string hex)
    {
        _ = WantMessage.TryRead(Convert.FromHexString(hex), out List<Want> wants);
        wants.ShouldBeEmpty();
    }

    [Fact]
    public void Of_one_message_so_many_wants_are_read_and_no_more()
    {
        byte[] entry = Entry(Cid.OfRaw("x"u8));
        WantMessage.TryRead(Message([.. Enumerable.Repeat(entry, WantMessage.MaxWants + 5)]), out List<Want> wants).ShouldBeTrue();
        wants.Count.ShouldBe(WantMessage.MaxWants);
    }

    public async ValueTask InitializeAsync()
    {
        _node = await DaemonNode.StartAsync();
        _asker = await Libp2pHost.CreateAsync(new Libp2pOptions { Listen = [Multiaddr.FromTcp(IPAddress.Loopback, 0)], Policy = AddressPolicy.Any, Limits = HostLimits.OneMachine });
        _asker.Accept(BlockServer.Protocol, async (stream, token) =>
        {
            List<byte[]> messages = [];
            while (await stream.ReadMessageAsync(1 << 20, token) is byte[] message)
            {
                messages.Add(message);
            }

            _received.TrySetResult(messages);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _asker.DisposeAsync();
        await _node.DisposeAsync();
    }

    private PeerInfo Node => new(_node.Id, [_node.Address.WithoutPeer()]);

    private async Task SendAsync(byte[] message)
    {
        await using PeerStream stream = await _asker.OpenAsync(Node, BlockServer.Protocol, TestContext.Current.CancellationToken);
        await stream.WriteMessageAsync(message, TestContext.Current.CancellationToken);
        await stream.CloseWriteAsync();
    }

    private static byte[] Message(byte[][] entries) => Field(1, [.. entries.SelectMany(entry => Field(1, entry))]);

    private static byte[] Entry(Cid cid, byte type = 0, bool asksForAbsence = false, bool cancels = false) =>
        [.. Field(1, cid.Bytes.ToArray()), 0x10, 1, 0x18, (byte)(cancels ? 1 : 0), 0x20, type, 0x28, (byte)(asksForAbsence ? 1 : 0)];

    private static byte[] Field(int number, byte[] bytes)
    {
        byte[] field = new byte[ProtobufWriter.BoundOf(bytes.Length) + 1];
        ProtobufWriter writer = new(field);
        writer.WriteBytes(number, bytes);
        return writer.Written.ToArray();
    }
}
