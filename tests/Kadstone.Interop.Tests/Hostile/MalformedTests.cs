using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Kadstone.Interop.Tests.Harness;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Datagrams that no honest node sends, over real UDP: the process must not notice.</summary>
public sealed class MalformedTests
{
    private const int Batch = 100;

    [Theory]
    [InlineData]
    [InlineData("--diversity", "off", "--no-limits")]
    public async Task Each_vector_gets_one_short_answer_or_none_and_the_node_lives(params string[] options)
    {
        await using NodeUnderTest node = await NodeUnderTest.StartAsync(options);
        foreach ((string name, string expected, byte[] datagram) in Vectors())
        {
            if (datagram.Length > 65_000)
            {
                continue;
            }

            await using Stranger stranger = await new Stranger().ProveAsync(node.Endpoint);
            stranger.Unasked.Clear();
            long before = stranger.DatagramsReceived;
            stranger.Send(datagram, node.Endpoint);
            (await stranger.AskAsync(node.Endpoint, "ping")).IsError.ShouldBeFalse(name);
            byte[][] answers = [.. stranger.Unasked];
            answers.Length.ShouldBeLessThanOrEqualTo(1, name);
            if (expected is "drop" or "ignore" || expected.StartsWith("drop:", StringComparison.Ordinal) || expected.StartsWith("drop,", StringComparison.Ordinal))
            {
                answers.ShouldBeEmpty(name);
            }

            foreach (byte[] answer in answers)
            {
                answer.Length.ShouldBeLessThanOrEqualTo(1_400, name);
                Bencoded message = Bencoded.Read(answer);
                message["t"].Bytes.Length.ShouldBeLessThanOrEqualTo(32, name);
                if (message["y"].Text == "e" && expected.StartsWith("error", StringComparison.Ordinal) && int.TryParse(expected["error".Length..], out int code))
                {
                    // The token of a vector is nobody's: that may be said first.
                    message["e"].Items[0].Number.ShouldBeOneOf(name.Contains("put", StringComparison.Ordinal) ? [code, 203] : [code], name);
                }
            }
        }
    }

    [Fact]
    public Task A_hundred_thousand_mutations_leave_the_process_as_it_was() => MutateAsync(100_000);

    [Fact, Trait("Category", "Bars")]
    public Task A_million_mutations_leave_the_process_as_it_was() => MutateAsync(1_000_000);

    private static async Task MutateAsync(int count)
    {
        const int Seed = 26;
        await using NodeUnderTest node = await NodeUnderTest.StartAsync("--diversity", "off", "--no-limits");
        await using Stranger stranger = new();
        Random chance = new(Seed);
        byte[][] seeds = [.. Vectors().Select(vector => vector.Datagram).Where(datagram => datagram.Length is > 0 and < 2_000), .. Enumerable.Repeat(Queries(stranger), 25).SelectMany(queries => queries)];
        await SendAsync(node, stranger, seeds, chance, 5_000);
        long memory = node.ResidentBytes;
        long threads = node.Threads;
        int descriptors = node.Descriptors;
        await SendAsync(node, stranger, seeds, chance, count);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{count} mutations, seed {Seed}: resident {memory >> 20} to {node.ResidentBytes >> 20} MiB, threads {threads} to {node.Threads}, descriptors {descriptors} to {node.Descriptors}, {stranger.DatagramsReceived} answers");
        (node.ResidentBytes - memory).ShouldBeLessThan(64L << 20);
        node.Descriptors.ShouldBeLessThanOrEqualTo(descriptors);
        node.Threads.ShouldBeLessThanOrEqualTo(threads + 8, "the runtime's pool breathes, but does not grow with what it is sent");
        node.Lines.ShouldNotContain(line => line.Contains("xception", StringComparison.Ordinal));
    }

    private static async Task SendAsync(NodeUnderTest node, Stranger stranger, byte[][] seeds, Random chance, int count)
    {
        for (int sent = 0; sent < count; sent += Batch)
        {
            for (int i = 0; i < Batch; i++)
            {
                stranger.Send(Mutate(seeds, chance), node.Endpoint);
            }

            // An answer shows that the node has come through; and no datagram was lost to a full buffer.
            (await stranger.AskAsync(node.Endpoint, "ping")).IsError.ShouldBeFalse();
            stranger.Unasked.Clear();
            stranger.Queries.Clear();
        }
    }

    private static byte[] Mutate(byte[][] seeds, Random chance)
    {
        List<byte> bytes = [.. seeds[chance.Next(seeds.Length)]];
        for (int changes = 1 + chance.Next(4); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = chance.Next(bytes.Count);
            switch (chance.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << chance.Next(8));
                    break;
                case 1:
                    bytes[at] = "deil0123456789:-"u8[chance.Next(16)];
                    break;
                case 2:
                    bytes.Insert(at, (byte)chance.Next(256));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + chance.Next(8)));
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + chance.Next(64))));
                    break;
                case 5:
                    byte[] other = seeds[chance.Next(seeds.Length)];
                    int from = chance.Next(other.Length);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 1 + chance.Next(64))]);
                    break;
                default:
                    bytes.InsertRange(at, chance.Next(2) == 0 ? "9223372036854775808"u8.ToArray() : "-1"u8.ToArray());
                    break;
            }
        }

        // Most changes break the frame; half of them get a good one again, so that the inside is looked at.
        if (chance.Next(2) == 0 && bytes.Count > 1)
        {
            bytes[0] = (byte)'d';
            bytes[^1] = (byte)'e';
        }

        return [.. bytes.Take(9_000)];
    }

    private static byte[][] Queries(Stranger stranger)
    {
        byte[] target = RandomNumberGenerator.GetBytes(20);
        byte[] t = [1, 2];
        return
        [
            stranger.Query("ping", stranger.WithId([]), t),
            stranger.Query("find_node", stranger.WithId([("target", target), ("want", new object[] { "n4", "n6" })]), t),
            stranger.Query("get_peers", stranger.WithId([("info_hash", target), ("scrape", 1), ("noseed", 1)]), t),
            stranger.Query("announce_peer", stranger.WithId([("implied_port", 1), ("info_hash", target), ("port", 1), ("seed", 1), ("token", new byte[8])]), t),
            stranger.Query("get", stranger.WithId([("seq", 1), ("target", target)]), t),
            stranger.Query("put", stranger.WithId([("cas", 1), ("k", new byte[32]), ("salt", "s"), ("seq", 1), ("sig", new byte[64]), ("token", new byte[8]), ("v", "value")]), t),
            stranger.Query("sample_infohashes", stranger.WithId([("target", target)]), t),
        ];
    }

    private static List<(string Name, string Expected, byte[] Datagram)> Vectors()
    {
        string path = Path.Combine(Repository.Root, "tests", "Kadstone.Mainline.Tests", "Vectors", "mainline.json");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        List<(string, string, byte[])> vectors = [];
        foreach (JsonElement vector in document.RootElement.GetProperty("malformed").EnumerateArray())
        {
            byte[] datagram = vector.TryGetProperty("hex", out JsonElement hex)
                ? Convert.FromHexString(hex.GetString()!)
                : [.. vector.GetProperty("parts").EnumerateArray().SelectMany(part => Enumerable.Repeat(Convert.FromHexString(part[0].GetString()!), part[1].GetInt32()).SelectMany(bytes => bytes))];
            vectors.Add((vector.GetProperty("name").GetString()!, vector.GetProperty("expect").GetString()!, datagram));
        }

        vectors.Count.ShouldBe(169);
        return vectors;
    }
}
