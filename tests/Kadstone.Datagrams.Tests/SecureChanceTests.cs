namespace Kadstone.Datagrams.Tests;

public sealed class SecureChanceTests
{
    [Fact]
    public void Numbers_stay_in_their_range_and_reach_all_of_it()
    {
        var chance = new SecureChance();
        var seen = new HashSet<int>();
        for (int i = 0; i < 10_000; i++)
        {
            int number = chance.Next(-3, 4);
            number.ShouldBeInRange(-3, 3);
            seen.Add(number);
            chance.NextDouble().ShouldBeInRange(0, 1);
            chance.NextInt64(long.MinValue, long.MaxValue);
        }

        seen.Count.ShouldBe(7);
        chance.Next(5, 5).ShouldBe(5);
    }

    [Fact]
    public void Bytes_differ_from_call_to_call_in_any_size()
    {
        var chance = new SecureChance();
        foreach (int size in (int[])[16, 511, 512, 513, 5000])
        {
            byte[] first = new byte[size];
            byte[] second = new byte[size];
            chance.NextBytes(first);
            chance.NextBytes(second);
            first.ShouldNotBe(second);
        }
    }
}
