using System.Collections.Concurrent;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Tests.Core.Records;
using Kadstone.Hyperswarm.Tests.Wire.V6;
using Kadstone.Kademlia;
using Kadstone.Storage;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>Immutable and mutable values: put, got, expired, and who lies about them.</summary>
public sealed class HyperDhtValueTests
{
    private static readonly byte[] s_seed = [.. Enumerable.Repeat((byte)7, 32)];
    private static readonly byte[] s_publicKey = Ed25519.CreateKeyPair(s_seed);
    private static readonly RpcCommand s_mutablePut = new("", (uint)HyperCommand.MutablePut);
    private static readonly RpcCommand s_mutableGet = new("", (uint)HyperCommand.MutableGet);
    private static readonly RpcCommand s_immutableGet = new("", (uint)HyperCommand.ImmutableGet);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_immutable_value_of_any_length_that_fits_is_found_by_its_hash_from_every_node()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        foreach (int length in (int[])[1, 252, 253, ImmutableValue.MaxLength])
        {
            byte[] value = [.. Enumerable.Repeat((byte)length, length)];
            HyperPut put = await net[1].ImmutablePutAsync(value, Cancelled);
            put.Target.ShouldBe(HyperHash.Of(value));
            (put.Commit.Stored, put.Commit.Refused, put.Commit.Silent).ShouldBe((5, 0, 0));
            foreach (HyperDht node in net.Nodes)
            {
                (await node.ImmutableGetAsync(put.Target, Cancelled)).GetValueOrDefault().ToArray().ShouldBe(value);
            }
        }

        (await net[2].ImmutableGetAsync(new Key256(1, 2), Cancelled)).ShouldBeNull();
        await Should.ThrowAsync<ArgumentException>(net[1].ImmutablePutAsync(new byte[ImmutableValue.MaxLength + 1], Cancelled));
        await Should.ThrowAsync<ArgumentException>(net[1].ImmutablePutAsync(default, Cancelled));
    }

    [Fact]
    public async Task The_highest_version_of_a_mutable_value_wins_and_lower_ones_are_refused()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(6);
        byte[] longest = new byte[MutableItem.MaxValueLength];
        (await net[1].MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldBeNull();
        HyperPut put = await net[1].MutablePutAsync(s_seed, longest, 5, Cancelled);
        (put.Target, put.Commit.Stored).ShouldBe((HyperHash.Of(s_publicKey), 5));

        MutableValue found = (await net[2].MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldNotBeNull();
        (found.Sequence, found.Value.Length, found.Signature.Length).ShouldBe((5L, longest.Length, 64));
        (await net[2].MutableGetAsync(s_publicKey, 6, cancellationToken: Cancelled)).ShouldBeNull();
        (await net[2].MutableGetAsync(s_publicKey, 5, latest: false, Cancelled)).ShouldNotBeNull().Sequence.ShouldBe(5);

        (await net[1].MutablePutAsync(s_seed, longest, 5, Cancelled)).Commit.Stored.ShouldBe(5, "the same once more is a renewal");
        (await net[1].MutablePutAsync(s_seed, new byte[] { 1 }, 5, Cancelled)).Commit.ShouldSatisfyAllConditions(commit => commit.Stored.ShouldBe(0), commit => commit.Refused.ShouldBe(5));
        (await net[1].MutablePutAsync(s_seed, new byte[] { 1 }, 4, Cancelled)).Commit.Refused.ShouldBe(5);
        (await net[3].MutablePutAsync(s_seed, new byte[] { 2 }, 9, Cancelled)).Commit.Stored.ShouldBe(5);
        (await net[4].MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldNotBeNull().Value.ToArray().ShouldBe([2]);
        await Should.ThrowAsync<ArgumentException>(net[1].MutablePutAsync(s_seed, new byte[longest.Length + 1], 10, Cancelled));
        await Should.ThrowAsync<ArgumentException>(net[1].MutablePutAsync(s_seed, longest, -1, Cancelled));
    }

    [Fact]
    public async Task A_version_that_is_used_or_too_low_is_told_by_its_number()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        await net[1].MutablePutAsync(s_seed, new byte[] { 1 }, 5, Cancelled);
        (await PutAsync(net, StoringNode.Mutable(s_seed, 5, [2]))).Error.ShouldBe(16u);
        (await PutAsync(net, StoringNode.Mutable(s_seed, 4, [1]))).Error.ShouldBe(17u);
        RpcAnswer renewed = await PutAsync(net, StoringNode.Mutable(s_seed, 5, [1]));
        (renewed.Error, renewed.Value, renewed.Token is not null).ShouldBe((0u, null, true));
    }

    [Fact]
    public async Task What_the_npm_packages_put_is_given_back_byte_for_byte()
    {
        await using HyperDevnet net = await HyperDevnet.StartAsync(2);
        UdpEndpoint node = UdpEndpoint.From(net[0].Node.LocalEndpoint);
        foreach (var item in HyperVectors.List("mutable").Where(item => item.Hex("value").Length <= MutableItem.MaxValueLength))
        {
            Key256 target = item.Key("target");
            RpcAnswer first = await net[1].Node.RequestAsync(node, s_mutableGet, target, new byte[] { 0 }, cancellationToken: Cancelled);
            RpcAnswer put = await net[1].Node.RequestAsync(node, s_mutablePut, target, item.Hex("putRequest"), first.Token, Cancelled);
            if (put.Error != 0)
            {
                // The vectors of one key pair are not in the order of their versions.
                put.Error.ShouldBe(17u);
                continue;
            }

            (await net[1].Node.RequestAsync(node, s_mutableGet, target, item.Hex("getRequest"), cancellationToken: Cancelled)).Value.GetValueOrDefault().ToArray().ShouldBe(item.Hex("getResponse"));
        }

        foreach (var item in HyperVectors.List("immutable").Where(item => item.Hex("value").Length is > 0 and <= ImmutableValue.MaxLength))
        {
            (await net[1].ImmutablePutAsync(item.Hex("value"), Cancelled)).Target.ShouldBe(item.Key("target"));
            (await net[1].Node.RequestAsync(node, s_immutableGet, item.Key("target"), cancellationToken: Cancelled)).Value.GetValueOrDefault().ToArray().ShouldBe(item.Hex("value"));
        }
    }

    [Fact]
    public async Task Values_live_forty_eight_hours()
    {
        ShiftedTimeProvider time = new();
        await using HyperDevnet net = await HyperDevnet.StartAsync(3, time);
        Key256 target = (await net[1].ImmutablePutAsync(new byte[] { 1, 2 }, Cancelled)).Target;
        await net[1].MutablePutAsync(s_seed, new byte[] { 3 }, 1, Cancelled);
        time.Advance(TimeSpan.FromHours(47));
        (await net[2].ImmutableGetAsync(target, Cancelled)).ShouldNotBeNull();
        (await net[2].MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldNotBeNull();

        // A value that was asked for lately may be answered from memory for an hour more.
        time.Advance(TimeSpan.FromHours(2));
        (await net[2].ImmutableGetAsync(target, Cancelled)).ShouldBeNull();
        (await net[2].MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldBeNull();
    }

    [Fact]
    public async Task A_put_is_answered_after_the_store_has_it_and_never_when_the_store_fails()
    {
        GatedStore store = new();
        await using HyperDht storing = await HyperDht.CreateAsync(HyperDevnet.Options with { Store = store }, cancellationToken: Cancelled);
        await using HyperDht asking = await HyperDht.CreateAsync(HyperDevnet.Options with { Bootstrap = [storing.Node.LocalEndpoint.ToString()] }, cancellationToken: Cancelled);
        Task<HyperPut> put = asking.ImmutablePutAsync(new byte[] { 1 }, Cancelled);
        await store.Entered.Task.WaitAsync(HyperDevnet.Patience, Cancelled);
        put.IsCompleted.ShouldBeFalse();
        store.Gate.SetResult();
        (await put).Commit.Stored.ShouldBe(1);

        store.IsDown = true;
        HyperPut lost = await asking.ImmutablePutAsync(new byte[] { 2 }, Cancelled);
        (lost.Commit.Stored, lost.Commit.Refused, lost.Commit.Silent).ShouldBe((0, 0, 1));
        (await asking.ImmutableGetAsync(new Key256(3, 4), Cancelled)).ShouldBeNull("a get finds nothing then");
        (await asking.ImmutableGetAsync(HyperHash.Of([1]), Cancelled)).ShouldNotBeNull("it is in memory still");
        store.IsDown = false;
        (await asking.ImmutablePutAsync(new byte[] { 2 }, Cancelled)).Commit.Stored.ShouldBe(1);
    }

    [Fact]
    public async Task Liars_are_not_believed()
    {
        await using RpcNode liar = await RpcNode.CreateAsync(HyperDevnet.Options, cancellationToken: Cancelled);
        await using HyperDht honest = await HyperDht.CreateAsync(HyperDevnet.Options with { Bootstrap = [liar.LocalEndpoint.ToString()] }, cancellationToken: Cancelled);
        await using HyperDht asking = await HyperDht.CreateAsync(HyperDevnet.Options with { Bootstrap = [liar.LocalEndpoint.ToString()] }, cancellationToken: Cancelled);
        await honest.Node.Ready.WaitAsync(HyperDevnet.Patience, Cancelled);
        Key256 target = HyperHash.Of([1, 2, 3]);
        byte[] forged = StoringNode.Mutable(new byte[32], 99, [6, 6, 6])[32..];
        ConcurrentBag<uint> lies = [];
        Answer(s_immutableGet, [1, 2, 4]);
        Answer(s_mutableGet, forged);
        Answer(new RpcCommand("", (uint)HyperCommand.Lookup), [200, 1, 2, 3]);
        Answer(new RpcCommand("", (uint)HyperCommand.FindPeer), [.. new byte[32], 0]);

        (await asking.ImmutableGetAsync(target, Cancelled)).ShouldBeNull();
        (await asking.MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldBeNull();
        (await asking.LookupAllAsync(target, cancellationToken: Cancelled)).ShouldBeEmpty();
        await foreach (PeersFound _ in asking.FindPeerAsync(s_publicKey, Cancelled))
        {
            Assert.Fail("a peer with another key is not the one that was asked for");
        }

        lies.Distinct().Order().ShouldBe([2u, 3u, 7u, 9u]);
        await honest.ImmutablePutAsync(new byte[] { 9 }, Cancelled);
        await asking.MutablePutAsync(s_seed, new byte[] { 5 }, 1, Cancelled);
        (await asking.MutableGetAsync(s_publicKey, cancellationToken: Cancelled)).ShouldNotBeNull().Value.ToArray().ShouldBe([5], "the honest node is heard beside the liar");

        void Answer(RpcCommand command, byte[] value) => liar.OnQuery(command, (request, _) =>
        {
            lies.Add(request.Command);
            return ValueTask.FromResult(new RpcReply(value));
        });
    }

    private static async Task<RpcAnswer> PutAsync(HyperDevnet net, byte[] value)
    {
        UdpEndpoint node = UdpEndpoint.From(net[0].Node.LocalEndpoint);
        Key256 target = HyperHash.Of(s_publicKey);
        RpcAnswer first = await net[1].Node.RequestAsync(node, s_mutableGet, target, new byte[] { 0 }, cancellationToken: Cancelled);
        return await net[1].Node.RequestAsync(node, s_mutablePut, target, value, first.Token, Cancelled);
    }

    /// <summary>A memory store whose first put waits, and that can be down.</summary>
    private sealed class GatedStore : IRecordStore
    {
        private readonly MemoryRecordStore _inner = new();

        public TaskCompletionSource Gate { get; } = new();

        public TaskCompletionSource Entered { get; } = new();

        public volatile bool IsDown;

        private MemoryRecordStore Inner => IsDown ? throw new StoreUnavailableException(StoreFailure.DiskFull, "no room") : _inner;

        public ValueTask<StoredRecord?> GetAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => Inner.GetAsync(shelf, key, cancellationToken);

        public async ValueTask<PutResult> PutAsync(Shelf shelf, ReadOnlyMemory<byte> key, StoredRecord record, long? expectedSequence = null, CancellationToken cancellationToken = default)
        {
            Entered.TrySetResult();
            await Gate.Task.WaitAsync(cancellationToken);
            return await Inner.PutAsync(shelf, key, record, expectedSequence, cancellationToken);
        }

        public ValueTask<IReadOnlyList<PutResult>> PutManyAsync(IReadOnlyList<RecordPut> puts, CancellationToken cancellationToken = default) => Inner.PutManyAsync(puts, cancellationToken);

        public ValueTask<IReadOnlyList<KeyedRecord>> ListAsync(Shelf shelf, ReadOnlyMemory<byte>? afterKey, int limit, CancellationToken cancellationToken = default) => Inner.ListAsync(shelf, afterKey, limit, cancellationToken);

        public ValueTask<long> CountAsync(Shelf shelf, CancellationToken cancellationToken = default) => Inner.CountAsync(shelf, cancellationToken);

        public ValueTask<bool> DeleteAsync(Shelf shelf, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) => Inner.DeleteAsync(shelf, key, cancellationToken);

        public ValueTask<int> SweepAsync(DateTimeOffset now, CancellationToken cancellationToken = default) => Inner.SweepAsync(now, cancellationToken);

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }
}
