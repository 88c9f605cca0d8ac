using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Kadstone.Libp2p;
using Kadstone.Storage.Tests.Postgres;

namespace Kadstone.Cli.Tests.Stores;

/// <summary><c>dht up</c> on PostgreSQL: what docs/stores.md promises of one daemon and of several.</summary>
public sealed class HeadsTests(SharedPostgresServer server)
{
    private const int Deposits = 60;
    private const int BeforeTheKill = 20;

    // A node that was killed does not answer, and a busy machine may let one that lives be slow.
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(5);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_three_daemons_on_one_store_one_is_killed_and_nothing_acknowledged_is_lost()
    {
        using TemporaryFolder folder = new();
        string store = await StoreAsync();
        await using Head first = await Head.StartAsync(folder, 221, null, options: ["--store", store]);
        Head[] joined = await Task.WhenAll(Head.StartAsync(folder, 222, first, variable: store), Head.StartAsync(folder, 223, first, store));
        await using Head second = joined[0];
        await using Head third = joined[1];
        Head[] heads = [first, second, third];
        await Task.WhenAll(heads.Select(head => head.KnowsAsync(2)));

        // Through the API of each head, in each network.
        List<string> values = [];
        List<string[]> publications = [];
        foreach (Head head in heads)
        {
            Cid content = Cid.OfRaw(RandomNumberGenerator.GetBytes(8));
            values.Add(await head.PutValueAsync("mainline", "immutable", NewText()));
            values.Add(await head.PutValueAsync("hyperswarm", "immutable", NewText()));
            values.Add(await head.PutValueAsync("ipfs", "mutable", $"/ipfs/{content}"));
            await head.AnnounceAsync("mainline", SmallNetwork.NewInfoHash(), 7000);
            await head.AnnounceAsync("hyperswarm", SmallHyperNetwork.NewTopic(), null);
            await head.AnnounceAsync("ipfs", content.ToString(), null);
            publications.Add(await head.PublicationsAsync());
            publications[^1].Length.ShouldBe(6);
        }

        // And by strangers, of whom each speaks to one head alone; the second dies while they put.
        Depositor[] depositors = [new("127.77.224.1"), new("127.77.225.1"), new("127.77.226.1")];
        await Task.WhenAll(depositors.Zip(heads, (depositor, head) => depositor.MeetAsync(head.Mainline)));
        await Task.WhenAll(depositors.Zip(heads, (depositor, head) => DepositAsync(depositor, head.Mainline, head == second ? second.KillAsync : null)));
        depositors[0].Acknowledged.Count.ShouldBe(Deposits);
        depositors[1].Acknowledged.Count.ShouldBeInRange(BeforeTheKill, Deposits - 1);
        depositors[2].Acknowledged.Count.ShouldBe(Deposits);
        await using (Depositor asker = new("127.77.227.1"))
        {
            foreach (Head head in (Head[])[first, third])
            {
                await asker.MeetAsync(head.Mainline);
                foreach (byte[] value in depositors.SelectMany(depositor => depositor.Acknowledged))
                {
                    await asker.ShouldFindAsync(head.Mainline, value);
                }

                foreach (string path in values)
                {
                    await head.GetAsync(path);
                }
            }
        }

        // Who comes back keeps what it was told to keep, and takes over nothing of the others.
        await using Head again = await Head.StartAsync(folder, 222, first, store);
        (await again.PublicationsAsync()).ShouldBe(publications[1]);
        (await first.PublicationsAsync()).ShouldBe(publications[0]);
        foreach (Head head in (Head[])[again, third, first])
        {
            (await head.EndAsync()).ShouldBe(0);
        }

        foreach (Depositor depositor in depositors)
        {
            await depositor.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_a_daemon_has_on_PostgreSQL_is_there_after_a_restart_and_for_whoever_comes_next()
    {
        using TemporaryFolder folder = new();
        string store = await StoreAsync();
        byte[] infoHash = RandomNumberGenerator.GetBytes(20);
        await using Depositor stranger = new("127.77.228.1");
        string[] publications;
        await using (Head head = await Head.StartAsync(folder, 229, null, store))
        await using (Head other = await Head.StartAsync(folder, 230, head))
        {
            await Task.WhenAll(head.KnowsAsync(1), other.KnowsAsync(1));
            await stranger.MeetAsync(head.Mainline);
            (await stranger.TryPutAsync(head.Mainline, s_guard)).ShouldBeTrue();
            await stranger.AnnounceAsync(head.Mainline, infoHash, 7001);
            await head.AnnounceAsync("mainline", SmallNetwork.NewInfoHash(), 7000);
            publications = await head.PublicationsAsync();
            (await head.EndAsync()).ShouldBe(0);
            (await other.EndAsync()).ShouldBe(0);
        }

        // Alone: whatever it answers comes from its store.
        await using (Head head = await Head.StartAsync(folder, 229, null, store))
        {
            await stranger.MeetAsync(head.Mainline);
            await ShouldHaveAsync(head);
            (await head.PublicationsAsync()).ShouldBe(publications);
            (await head.EndAsync()).ShouldBe(0);
        }

        // Another machine's turn: what was kept for others is there, what the first was told to keep is the first's.
        await using Head next = await Head.StartAsync(folder, 231, null, store);
        await stranger.MeetAsync(next.Mainline);
        await ShouldHaveAsync(next);
        (await next.PublicationsAsync()).ShouldBeEmpty();
        JsonElement status = (await next.GetAsync("/v1/status")).GetProperty("store");
        status.GetProperty("kind").GetString().ShouldBe("postgres");
        status.GetProperty("state").GetString().ShouldBe("ok");
        (await next.EndAsync()).ShouldBe(0);

        async Task ShouldHaveAsync(Head head)
        {
            await stranger.ShouldFindAsync(head.Mainline, stranger.Acknowledged.ShouldHaveSingleItem());
            (await stranger.PeersAsync(head.Mainline, infoHash)).ShouldContain(peer => peer.Port == 7001);
        }
    }

    private static async Task DepositAsync(Depositor depositor, IPEndPoint node, Func<Task>? kill)
    {
        Task? killed = null;

        // Not each put is acknowledged where the machine is busy; a head that lives takes all of them in the end.
        for (int put = 0; put < 10 * Deposits && depositor.Acknowledged.Count < Deposits; put++)
        {
            if (depositor.Acknowledged.Count >= BeforeTheKill && kill is not null)
            {
                // Not waited for: it dies in the middle of the puts that follow.
                killed ??= kill();
            }

            if (!await depositor.TryPutAsync(node, s_guard) && killed is not null)
            {
                break;
            }
        }

        await (killed ?? Task.CompletedTask).WaitAsync(Cancelled);
    }

    // A daemon gives a server that does not answer 1.5 s; whether this machine is busy is not the subject.
    private async Task<string> StoreAsync() => $"postgres:{await (await server.GetAsync()).CreateSchemaAsync()};Timeout=60;Command Timeout=60";

    private static string NewText() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
