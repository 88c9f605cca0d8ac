namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>Bar 29: who asks and never reads is answered no further than what may wait, harms nobody, and is left.</summary>
public sealed class SleepingReaderTests
{
    // What the systems' own buffers of two sockets take at most, and what the session lets wait.
    private const long MostAnswered = 12 << 20;

    private static CancellationToken Cancelled => Hosts.Cancelled;

    [Fact]
    public async Task Its_answers_wait_others_are_served_and_one_stream_too_many_ends_it()
    {
        ShiftedTimeProvider clock = new();
        await using Libp2pHost host = await Hosts.StartAsync(time: clock);
        await using Libp2pHost honest = await Hosts.StartAsync();
        await honest.ConnectAsync(host.Info(), Cancelled);
        using SleepingReader sleeper = await SleepingReader.StartAsync(host);
        await sleeper.Stuck.WaitAsync(Hosts.Guard, Cancelled);

        (await honest.PingAsync(host.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        await using PeerStream asking = await honest.OpenAsync(host.Info(), "/ask/1", Cancelled);
        await asking.WriteMessageAsync("?"u8.ToArray(), Cancelled);
        (await asking.ReadMessageAsync(SleepingReader.AnswerLength, Cancelled)).ShouldNotBeNull().Length.ShouldBe(SleepingReader.AnswerLength);
        sleeper.AllEnded.IsCompleted.ShouldBeFalse("it is within its budget");

        await sleeper.OpenTooManyAsync();
        await sleeper.AllEnded.WaitAsync(Hosts.Guard, Cancelled);
        ((long)sleeper.Answered * SleepingReader.AnswerLength).ShouldBeLessThan(MostAnswered);
        await LeftAsync(host, clock, connections: 1);
        (await honest.PingAsync(host.Info(), Cancelled)).ShouldBeGreaterThan(TimeSpan.Zero);
        await host.DisposeAsync();
        host.Status().Ended.GetValueOrDefault("OverBudget").ShouldBe(1);
    }

    [Fact]
    public async Task One_within_its_budget_is_left_when_it_answers_no_ping()
    {
        ShiftedTimeProvider clock = new();
        await using Libp2pHost host = await Hosts.StartAsync(time: clock);
        using SleepingReader sleeper = await SleepingReader.StartAsync(host);
        await sleeper.Stuck.WaitAsync(Hosts.Guard, Cancelled);

        await LeftAsync(host, clock, connections: 0);
        await sleeper.AllEnded.WaitAsync(Hosts.Guard, Cancelled);

        await host.DisposeAsync();
        host.Status().Ended.GetValueOrDefault("Silent").ShouldBe(1);
        ((long)sleeper.Answered * SleepingReader.AnswerLength).ShouldBeLessThan(MostAnswered);
    }

    // The farewell's patience passes as well: who does not read does not hear that it is over, either.
    private static async Task LeftAsync(Libp2pHost host, ShiftedTimeProvider clock, int connections)
    {
        while (host.Status().Connections > connections)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            Cancelled.ThrowIfCancellationRequested();
        }
    }
}
