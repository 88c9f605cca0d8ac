using System.Runtime.CompilerServices;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>The bounded map under routes, refresh tokens and the cache, against a plain dictionary.</summary>
public sealed class ExpiringMapTests
{
    [Theory, InlineData(false), InlineData(true)]
    public void It_behaves_as_a_dictionary_whose_entries_have_times(bool makesRoom)
    {
        const int Capacity = 12;
        TimeSpan lifetime = TimeSpan.FromSeconds(40);
        Random chance = new(3);
        List<(Key256, int)> left = [];
        ExpiringMap<int> map = new(Capacity, lifetime, new SecretKeyComparer(chance)) { MakesRoom = makesRoom, Left = (key, value) => left.Add((key, value)) };
        Dictionary<Key256, (int Value, Instant Expires)> model = [];
        int put = 0;
        Instant now = default;
        for (int step = 0; step < 20_000; step++)
        {
            now += TimeSpan.FromSeconds(chance.Next(4));
            Key256 key = new(0, (UInt128)chance.Next(30));
            foreach (Key256 old in model.Where(entry => entry.Value.Expires <= now).Select(entry => entry.Key).ToArray())
            {
                model.Remove(old);
            }

            switch (chance.Next(4))
            {
                case 0:
                    map.Remove(key);
                    model.Remove(key);
                    break;
                case 1:
                    ref int found = ref map.Find(key, now);
                    (Unsafe.IsNullRef(ref found) ? null : (int?)found).ShouldBe(model.TryGetValue(key, out var entry) ? entry.Value : null);
                    break;
                default:
                    bool fits = model.ContainsKey(key) || model.Count < Capacity;
                    map.Put(key, step, now).ShouldBe(fits || makesRoom);
                    if (!fits && makesRoom)
                    {
                        model.Remove(model.MinBy(each => each.Value.Value).Key);
                    }

                    if (fits || makesRoom)
                    {
                        model[key] = (step, now + lifetime);
                        put++;
                    }

                    break;
            }
        }

        map.Expire(now);
        map.Count.ShouldBe(model.Count);
        left.Count.ShouldBe(put - map.Count);
        map.NextDeadline.ShouldBe(model.Values.Min(entry => entry.Expires));
        map.Expire(Instant.Never);
        (map.Count, map.NextDeadline).ShouldBe((0, Instant.Never));
    }
}
