namespace Kadstone.Kademlia.Tests;

public sealed class LostContactsTests
{
    private readonly Random _chance = new(1);

    [Fact]
    public void Each_is_remembered_once_until_it_is_found()
    {
        LostContacts<int> lost = new(4);
        lost.Add(1, _chance);
        lost.Add(1, _chance);
        lost.Add(2, _chance);

        lost.ShouldBe([1, 2]);
        lost.Remove(1).ShouldBeTrue();
        lost.Remove(1).ShouldBeFalse();
        lost.TryPick(_chance, out int picked).ShouldBeTrue();
        picked.ShouldBe(2);
        lost.Remove(2);
        lost.TryPick(_chance, out _).ShouldBeFalse();
    }

    [Fact]
    public void Of_those_lost_long_ago_some_stay_however_many_are_lost_since()
    {
        LostContacts<int> lost = new(64);
        for (int i = 0; i < 128; i++)
        {
            lost.Add(i, _chance);
        }

        lost.Count.ShouldBe(64);
        lost.IsFull.ShouldBeTrue();
        lost.Distinct().Count().ShouldBe(64);
        lost.Count(contact => contact < 64).ShouldBeInRange(10, 40);
        lost.ShouldContain(127);
    }

    [Fact]
    public void Every_one_of_them_has_its_turn()
    {
        LostContacts<int> lost = new(8);
        for (int i = 0; i < 8; i++)
        {
            lost.Add(i, _chance);
        }

        HashSet<int> picked = [];
        for (int i = 0; i < 100; i++)
        {
            lost.TryPick(_chance, out int contact).ShouldBeTrue();
            picked.Add(contact);
        }

        picked.Count.ShouldBe(8);
    }
}
