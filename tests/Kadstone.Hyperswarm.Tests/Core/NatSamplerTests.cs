using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>What our address is, by what others say.</summary>
public sealed class NatSamplerTests
{
    [Fact]
    public void Nobody_said_anything_nothing_is_known() => new NatSampler().Seen.ShouldBeNull();

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    [InlineData(11, 2)]
    [InlineData(12, 3)]
    [InlineData(16, 3)]
    public void An_address_is_believed_when_no_more_than_a_few_disagree(int samples, int dissenters)
    {
        Sampled(samples, dissenters).ShouldBe(Home);
        Sampled(samples, dissenters + 1).ShouldBe(samples == 1 ? At(100) : null);
    }

    [Fact]
    public void One_host_with_many_ports_is_known_without_a_port()
    {
        NatSampler sampler = new();
        for (ushort port = 1; port <= 8; port++)
        {
            sampler.Add(Home.WithPort(port));
        }

        (sampler.Seen, sampler.IsConsistent).ShouldBe((Home.WithPort(0), false));
    }

    [Fact]
    public void Only_the_last_sixteen_count()
    {
        NatSampler sampler = new();
        for (int i = 0; i < 40; i++)
        {
            sampler.Add(Home);
        }

        for (int i = 0; i < 13; i++)
        {
            sampler.Seen.ShouldBe(i < 4 ? Home : null);
            sampler.Add(At(9));
        }

        (sampler.Seen, sampler.Count).ShouldBe((At(9), 16));
        sampler.Clear();
        (sampler.Seen, sampler.Count).ShouldBe((null, 0));
    }

    private static UdpEndpoint? Sampled(int count, int dissenters)
    {
        NatSampler sampler = new();
        for (int i = 0; i < count; i++)
        {
            // Each dissenter sees another host, so that they agree on nothing either.
            sampler.Add(i < dissenters ? At(100 + i) : Home);
        }

        return sampler.Seen;
    }
}
