using System.Collections.Concurrent;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>Closing under load leaves nothing behind (bars 34 and 35). Alone in the process, since it looks at the process.</summary>
[Collection(nameof(Alone))]
public sealed class ClosingTests
{
    [Fact]
    public async Task Twenty_nodes_closed_under_load_leave_no_task_no_exception_and_no_thread()
    {
        ConcurrentQueue<Exception> unobserved = new();
        EventHandler<UnobservedTaskExceptionEventArgs> note = (_, args) => unobserved.Enqueue(args.Exception);
        TaskScheduler.UnobservedTaskException += note;
        try
        {
            await using (Devnet devnet = await Devnet.StartAsync(4))
            {
                MainlineState? state = null;
                List<Task> ofOthers = [];
                for (int round = 0; round < 20; round++)
                {
                    state = await CloseUnderLoadAsync(devnet, state, ofOthers);
                }

                await Task.WhenAll(ofOthers).Guarded();
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            unobserved.ShouldBeEmpty();
            if (OperatingSystem.IsLinux())
            {
                using PeriodicTimer glance = new(TimeSpan.FromMilliseconds(20));
                while (CountIOThreads() > 0)
                {
                    await glance.WaitForNextTickAsync(Devnet.Guard());
                }
            }
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= note;
        }
    }

    [Fact]
    public async Task A_closed_node_gives_back_its_descriptors()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using Devnet devnet = await Devnet.StartAsync(1);
        int before = Directory.GetFiles("/proc/self/fd").Length;
        MainlineState? state = null;
        for (int i = 0; i < 20; i++)
        {
            await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(110, devnet[0].Endpoint().ToString()), state, cancellationToken: Devnet.Guard());
            await node.WaitForNetworkAsync(Devnet.Guard());
            state = node.Save();
        }

        Directory.GetFiles("/proc/self/fd").Length.ShouldBeInRange(before - 5, before + 5);
    }

    // The same node each time: one that comes back on another port leaves a dead contact behind, and each join waits for those.
    private static async Task<MainlineState> CloseUnderLoadAsync(Devnet devnet, MainlineState? state, List<Task> ofOthers)
    {
        MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(111, devnet[0].Endpoint().ToString()), state, cancellationToken: Devnet.Guard());
        await node.WaitForNetworkAsync(Devnet.Guard());
        node.PeerFound += (sender, _) => ((MainlineDht)sender!).Save();
        List<Task> load = [];
        for (int i = 0; i < 10; i++)
        {
            node.Advertise(Devnet.RandomKey(), 1);
            node.Keep(ItemValue.FromText($"{i}"));
            load.Add(node.FindNodeAsync(Devnet.RandomKey()));
            load.Add(node.GetPeersAsync(Devnet.RandomKey()).AllAsync());
            load.Add(node.PutImmutableAsync(ItemValue.FromText($"{i} {Guid.NewGuid()}")));
            load.Add(node.AnnouncePeerAsync(Devnet.RandomKey(), 1));
            load.Add(node.WatchPeersAsync().AllAsync());
            load.Add(node.PingAsync(devnet[1].Endpoint()));
            ofOthers.Add(devnet[2].AnnouncePeerAsync(Devnet.RandomKey(), 2));
        }

        // Bar 35 gives it 5 s; here it only must end.
        await node.DisposeAsync().Guarded();
        foreach (Task task in load)
        {
            try
            {
                await task.Guarded();
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                // What closing does to whoever was in the middle of something.
            }
        }

        node.Status().ActiveLookups.ShouldBe(0);
        node.Status().UpkeepLookups.ShouldBe(0);
        return node.Save();
    }

    private static int CountIOThreads() => Directory.GetDirectories("/proc/self/task").Count(task =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).TrimEnd() == "Kadstone I/O";
        }
        catch (IOException)
        {
            return false;
        }
    });
}
