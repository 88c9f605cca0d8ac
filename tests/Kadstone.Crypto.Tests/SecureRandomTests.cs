namespace Kadstone.Crypto.Tests;

public sealed class SecureRandomTests
{
    private readonly SecureRandom _chance = new();

    [Fact]
    public void Every_number_stays_in_its_range()
    {
        for (int i = 0; i < 10_000; i++)
        {
            _chance.Next().ShouldBeInRange(0, int.MaxValue - 1);
            _chance.Next(7).ShouldBeInRange(0, 6);
            _chance.Next(-3, 4).ShouldBeInRange(-3, 3);
            _chance.Next(int.MinValue, int.MaxValue).ShouldBeLessThan(int.MaxValue);
            _chance.NextInt64().ShouldBeInRange(0, long.MaxValue - 1);
            _chance.NextInt64(7).ShouldBeInRange(0, 6);
            _chance.NextInt64(long.MinValue, long.MaxValue).ShouldBeLessThan(long.MaxValue);
            _chance.NextInt64(long.MaxValue - 2, long.MaxValue).ShouldBeInRange(long.MaxValue - 2, long.MaxValue - 1);
            _chance.NextDouble().ShouldBeLessThan(1);
            _chance.NextSingle().ShouldBeLessThan(1);
        }
    }

    [Fact]
    public void An_empty_range_has_one_number()
    {
        _chance.Next(0).ShouldBe(0);
        _chance.Next(1).ShouldBe(0);
        _chance.Next(5, 5).ShouldBe(5);
        _chance.NextInt64(0).ShouldBe(0);
        _chance.NextInt64(-9, -9).ShouldBe(-9);
    }

    [Fact]
    public void Ranges_upside_down_are_misuse()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => _chance.Next(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => _chance.Next(1, 0));
        Should.Throw<ArgumentOutOfRangeException>(() => _chance.NextInt64(-1));
        Should.Throw<ArgumentOutOfRangeException>(() => _chance.NextInt64(1, 0));
        Should.Throw<ArgumentNullException>(() => _chance.NextBytes(null!));
    }

    [Fact]
    public void Every_number_of_a_small_range_comes_about_equally_often()
    {
        // 60,000 throws: each face 10,000 +- 91; 1,000 is eleven standard deviations.
        int[] faces = new int[6];
        for (int i = 0; i < 60_000; i++)
        {
            faces[_chance.Next(6)]++;
        }

        faces.ShouldAllBe(count => count > 9_000 && count < 11_000);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(128)]
    [InlineData(4096)]
    public void No_bytes_come_twice(int length)
    {
        HashSet<string> seen = [];
        byte[] bytes = new byte[length];
        for (int i = 0; i < 1000; i++)
        {
            _chance.NextBytes(bytes);
            seen.Add(Convert.ToHexString(bytes)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task No_bytes_come_twice_to_two_threads()
    {
        ulong[][] drawn = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            ulong[] mine = new ulong[20_000];
            for (int i = 0; i < mine.Length; i++)
            {
                mine[i] = (ulong)_chance.NextInt64(long.MinValue, long.MaxValue);
            }

            return mine;
        })));

        // 80,000 numbers of 64 bits: two alike by chance once in five billion runs.
        drawn.SelectMany(numbers => numbers).Distinct().Count().ShouldBe(80_000);
    }

    [Fact]
    public void What_Random_builds_on_its_virtual_methods_works()
    {
        int[] shuffled = [.. Enumerable.Range(0, 100)];
        _chance.Shuffle(shuffled);
        shuffled.ShouldBe(Enumerable.Range(0, 100), ignoreOrder: true);
        _chance.GetItems([1, 2, 3], 50).ShouldAllBe(item => item >= 1 && item <= 3);
    }
}
