using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M112, M113, M114: <c>node.save()</c>, also after closing, and <c>dht.node.create(state)</c>.</summary>
public sealed class StateTests
{
    [Fact]
    public async Task Save_says_the_same_before_and_after_closing()
    {
        await using Devnet devnet = await Devnet.StartAsync(6);
        MainlineState before = devnet[5].Save();
        await devnet[5].DisposeAsync();
        MainlineState after = devnet[5].Save();
        before.Ids.ShouldBe([devnet[5].Id]);
        before.Port.ShouldBe(devnet[5].Port);
        before.Nodes.Count.ShouldBe(5);
        after.Ids.ShouldBe(before.Ids);
        after.Port.ShouldBe(before.Port);
        after.Nodes.ShouldBe(before.Nodes, ignoreOrder: true);
    }

    [Fact]
    public async Task A_state_goes_through_json_and_back()
    {
        await using Devnet devnet = await Devnet.StartAsync(4);
        MainlineState saved = devnet[3].Save();
        saved = saved with { Nodes = [.. saved.Nodes, new NodeContact(Devnet.RandomKey(), UdpEndpoint.FromIPv6(0x20010DB8_00000000, 1, 6881))] };
        MainlineState.TryParse(saved.ToJson(), out MainlineState? read, out string? error).ShouldBeTrue(error);
        read.Ids.ShouldBe(saved.Ids);
        read.Port.ShouldBe(saved.Port);
        read.Nodes.Select(node => (node.Id, node.Endpoint)).ShouldBe(saved.Nodes.Select(node => (node.Id, node.Endpoint)));
    }

    [Fact]
    public async Task A_saved_state_joins_with_every_bootstrap_router_dead()
    {
        await using Devnet devnet = await Devnet.StartAsync(10);
        MainlineDht old = devnet[9];
        MainlineState state = old.Save();
        await old.DisposeAsync();

        // Every router, and half of those who were known.
        for (int i = 0; i < 5; i++)
        {
            await devnet[i].DisposeAsync();
        }

        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(10, devnet[0].Endpoint().ToString(), "router.invalid:6881"), state);
        node.Id.ShouldBe(old.Id);
        node.Port.ShouldBe(old.Port);
        FindNodeResult found = await node.FindNodeAsync(Devnet.RandomKey(), Devnet.Guard());
        found.Closest.Select(contact => contact.Id).ShouldBe(devnet.Nodes.Skip(5).Take(4).Select(other => other.Id), ignoreOrder: true);
        node.Id.ShouldBe(old.Id);
    }

    [Fact]
    public async Task Options_that_name_an_id_or_a_port_win_over_the_state()
    {
        await using MainlineDht first = await MainlineDht.CreateAsync(Devnet.OptionsOf(40));
        MainlineState state = first.Save();
        Key160 id = Devnet.RandomKey();
        await using MainlineDht second = await MainlineDht.CreateAsync(Devnet.OptionsOf(41) with { Id = id }, state);
        second.Id.ShouldBe(id);
        second.Port.ShouldBe(first.Port);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("42")]
    [InlineData("{}")]
    [InlineData("""{"version":1}""")]
    [InlineData("""{"version":2,"network":"mainline","ids":["0000000000000000000000000000000000000000"],"port":1}""")]
    [InlineData("""{"version":1,"network":"hyperswarm","ids":["0000000000000000000000000000000000000000"],"port":1}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":[],"port":1}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":["00"],"port":1}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":[null],"port":1}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":["0000000000000000000000000000000000000000"],"port":65536}""")]
    [InlineData("""{"version":1,"network":"mainline","ids":["0000000000000000000000000000000000000000"],"port":"6881"}""")]
    [InlineData("""{"version":99999999999,"network":"mainline"}""")]
    [InlineData("{\"network\":\"\\ud800\"}")]
    public void A_state_that_is_none_is_refused_with_one_sentence(string json)
    {
        MainlineState.TryParse(json, out MainlineState? state, out string? error).ShouldBeFalse();
        state.ShouldBeNull();
        IsOneSentence(error).ShouldBeTrue(error);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_with_one_sentence()
    {
        MainlineState.TryParse("{\"network\":\"\ud800\"}", out _, out string? error).ShouldBeFalse();
        IsOneSentence(error).ShouldBeTrue(error);
    }

    [Fact]
    public void A_huge_text_is_refused_without_reading_it()
    {
        string huge = $$"""{"version":1,"network":"mainline","ids":["{{new string('0', 40)}}"],"port":1,"nodes":["{{new string('x', 2_000_000)}}"]}""";
        MainlineState.TryParse(huge, out _, out string? error).ShouldBeFalse();
        IsOneSentence(error).ShouldBeTrue(error);
        MainlineState.TryParse(new string('[', 900_000), out _, out error).ShouldBeFalse();
        IsOneSentence(error).ShouldBeTrue(error);
    }

    [Fact]
    public void Nodes_that_are_none_are_left_out()
    {
        string id = new('a', 40);
        string json = $$"""{"version":1,"network":"mainline","ids":["{{id}}"],"port":1,"nodes":["{{id}}@1.2.3.4:5",null,"x","{{id}}@","{{id}}@1.2.3.4:99999","{{id}}@[::1]:6"]}""";
        MainlineState.TryParse(json, out MainlineState? state, out _).ShouldBeTrue();
        state.Nodes.Select(node => node.Endpoint.ToString()).ShouldBe(["1.2.3.4:5", "[::1]:6"]);
    }

    [Fact]
    public void Ten_thousand_mutations_of_a_state_never_throw()
    {
        int seed = Random.Shared.Next();
        Random chance = new(seed);
        byte[] good = Encoding.UTF8.GetBytes(new MainlineState(
            [Devnet.RandomKey()],
            6881,
            [.. Enumerable.Range(1, 10).Select(i => new NodeContact(Devnet.RandomKey(), UdpEndpoint.FromIPv4(0x7F000001, (ushort)i)))]).ToJson());
        for (int i = 0; i < 10_000; i++)
        {
            string text = Mutate(good, chance);
            bool isRead = MainlineState.TryParse(text, out MainlineState? state, out string? error);
            (state is not null).ShouldBe(isRead, $"seed {seed}, round {i}");
            (isRead || IsOneSentence(error)).ShouldBeTrue($"seed {seed}, round {i}: {error}");
        }
    }

    private static string Mutate(byte[] good, Random chance)
    {
        byte[] bytes = [.. good];
        int changes = chance.Next(1, 6);
        for (int i = 0; i < changes; i++)
        {
            int at = chance.Next(bytes.Length);
            switch (chance.Next(5))
            {
                case 0:
                    bytes[at] = (byte)chance.Next(256);
                    break;
                case 1:
                    bytes[at] = (byte)"{}[]\",:0-\\u\0 e"[chance.Next(14)];
                    break;
                case 2:
                    bytes = [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + chance.Next(1, 40))..]];
                    break;
                case 3:
                    bytes = [.. bytes[..at], .. bytes[at..], .. bytes[..chance.Next(bytes.Length)]];
                    break;
                default:
                    bytes = [.. bytes[..at]];
                    break;
            }

            if (bytes.Length == 0)
            {
                bytes = [(byte)'{'];
            }
        }

        // One letter a byte in some rounds, so that surrogates and control characters come as they may.
        return chance.Next(4) switch
        {
            0 => string.Concat(bytes.Select(one => (char)(one | (chance.Next(200) == 0 ? 0xD800 : 0)))),
            _ => Encoding.UTF8.GetString(bytes),
        };
    }

    private static bool IsOneSentence(string? text) =>
        text is not null && text.EndsWith('.') && char.IsUpper(text[0]) && !text.Contains('\n', StringComparison.Ordinal) && text.Length < 200;
}
