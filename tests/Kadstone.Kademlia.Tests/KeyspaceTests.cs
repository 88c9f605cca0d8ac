namespace Kadstone.Kademlia.Tests;

public sealed class KeyspaceTests
{
    private readonly Random _chance = new(1);

    [Fact]
    public void A_random_key_of_a_bucket_shares_exactly_its_prefix()
    {
        Key160 self = Keyspace.Random<Key160>(_chance);
        Key256 wide = Keyspace.Random<Key256>(_chance);
        for (int bucket = 0; bucket < 160; bucket++)
        {
            (Keyspace.RandomInBucket(self, bucket, _chance) ^ self).LeadingZeroCount.ShouldBe(bucket);
            (Keyspace.RandomInBucket(wide, bucket + 96, _chance) ^ wide).LeadingZeroCount.ShouldBe(bucket + 96);
        }
    }

    [Fact]
    public void A_keyspace_has_as_many_buckets_as_bits() =>
        Should.Throw<ArgumentOutOfRangeException>(() => Keyspace.RandomInBucket(default(Key160), 160, _chance));

    [Fact]
    public void Keys_survive_being_written_and_read()
    {
        for (int i = 0; i < 100; i++)
        {
            RoundTrip<Key160>();
            RoundTrip<Key256>();
        }
    }

    [Fact]
    public void Keys_compare_as_their_bytes_do()
    {
        for (int i = 0; i < 1000; i++)
        {
            CompareAsBytes<Key160>();
            CompareAsBytes<Key256>();
        }
    }

    [Fact]
    public void The_bits_of_a_key_are_counted_from_the_first()
    {
        Key160 key = Key160.Read(Convert.FromHexString("8000000000000000800000000000000080000001"));

        Enumerable.Range(0, 160).Where(i => key[i]).ShouldBe([0, 64, 128, 159]);
    }

    private void RoundTrip<TKey>()
        where TKey : struct, IKey<TKey>
    {
        TKey key = Keyspace.Random<TKey>(_chance);
        byte[] bytes = new byte[TKey.ByteLength];
        key.Write(bytes);
        TKey.Read(bytes).ShouldBe(key);
        key.ToString().ShouldBe(Convert.ToHexStringLower(bytes));
    }

    private void CompareAsBytes<TKey>()
        where TKey : struct, IKey<TKey>
    {
        TKey left = Keyspace.RandomInBucket(default(TKey), _chance.Next(TKey.ByteLength * 8), _chance);
        TKey right = Keyspace.RandomInBucket(default(TKey), _chance.Next(TKey.ByteLength * 8), _chance);
        byte[] leftBytes = new byte[TKey.ByteLength];
        byte[] rightBytes = new byte[TKey.ByteLength];
        left.Write(leftBytes);
        right.Write(rightBytes);
        int expected = Math.Sign(leftBytes.AsSpan().SequenceCompareTo(rightBytes));
        Math.Sign(left.CompareTo(right)).ShouldBe(expected);
        (left < right).ShouldBe(expected < 0);
        (left >= right).ShouldBe(expected >= 0);
    }
}
