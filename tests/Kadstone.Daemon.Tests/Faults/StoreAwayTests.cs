using System.Diagnostics;
using System.Net;
using Kadstone.Daemon.Tests.V1;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 39 on a running daemon: the store goes away and comes back, and the DHT answers all along.</summary>
public sealed class StoreAwayTests
{
    // What is asked for is a tenth of them: they keep a test from hanging, and say nothing of speed.
    private static readonly TimeSpan s_errorGuard = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_recoveryGuard = TimeSpan.FromSeconds(50);

    public static TheoryData<string> Kinds => ["server killed", "server stopped", "file locked", "disk full"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Without_its_store_the_DHT_answers_durable_puts_are_refused_and_nothing_acknowledged_is_lost(string kind) => RunAsync(kind, TimeSpan.Zero);

    [Theory]
    [Trait("Category", "Bars")]
    [MemberData(nameof(Kinds))]
    public async Task For_thirty_seconds(string kind)
    {
        Figures seen = await RunAsync(kind, TimeSpan.FromSeconds(30));
        TestContext.Current.TestOutputHelper?.WriteLine($"bar 39, {kind} for 30 s: {seen}");
        seen.SlowestError.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        seen.SlowestRefusal.ShouldBeLessThan(TimeSpan.FromSeconds(2));
        seen.Recovery.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        seen.SlowestAnswer.ShouldBeLessThan(TimeSpan.FromSeconds(1));
    }

    private static async Task<Figures> RunAsync(string kind, TimeSpan length)
    {
        await using Outage outage = await Outage.OfAsync(kind);
        await using StoredDaemon daemon = await StoredDaemon.StartAsync(outage.Store);
        for (int n = 0; n < 5; n++)
        {
            (await daemon.PublishAsync()).Status.ShouldBe(HttpStatusCode.Created);
            (await daemon.PutAsync()).ShouldBe(0);
        }

        Figures seen = new();
        long began = Stopwatch.GetTimestamp();
        await outage.BeginAsync();
        try
        {
            // In step with each other they would hide who waits for whom.
            await Task.WhenAll(
                UntilAsync(() => IsOver() && seen.Answers >= 20, async () => seen.Answered(await TimeAsync(daemon.ShouldAnswerAsync))),
                UntilAsync(() => IsOver() && seen.Errors >= 3, () => ShouldRefuseAsync(daemon, seen)),
                UntilAsync(() => IsOver() && seen.Refusals >= 3, () => ShouldBe202Async(daemon, seen)));

            // Whose store cannot be read is told so; a full or locked file is read all the same.
            string? level = (await daemon.StatusAsync()).GetProperty("verdict").GetProperty("level").GetString();
            level.ShouldBe(kind.StartsWith("server", StringComparison.Ordinal) ? "fail" : "ok");
        }
        finally
        {
            await outage.EndAsync();
        }

        long ended = Stopwatch.GetTimestamp();
        while ((await daemon.PublishAsync()).Status != HttpStatusCode.Created || await daemon.PutAsync() != 0)
        {
            Stopwatch.GetElapsedTime(ended).ShouldBeLessThan(s_recoveryGuard);
        }

        seen.Recovery = Stopwatch.GetElapsedTime(ended);
        await daemon.ShouldHaveAllAsync();
        seen.Errors.ShouldBeGreaterThan(0);
        seen.Refusals.ShouldBeGreaterThan(0);
        seen.Acknowledged = daemon.Publications.Count + daemon.Values.Count;
        return seen;

        bool IsOver() => Stopwatch.GetElapsedTime(began) >= length;
    }

    private static async Task ShouldRefuseAsync(StoredDaemon daemon, Figures seen)
    {
        long began = Stopwatch.GetTimestamp();
        Answer answer = await daemon.PublishAsync().WaitAsync(s_errorGuard, V1Network.Cancelled);
        if (answer.Status != HttpStatusCode.Created)
        {
            seen.Error(answer.ShouldFail(HttpStatusCode.ServiceUnavailable, ""), Stopwatch.GetElapsedTime(began));
        }
    }

    private static async Task ShouldBe202Async(StoredDaemon daemon, Figures seen)
    {
        long began = Stopwatch.GetTimestamp();
        int code = await daemon.PutAsync().WaitAsync(s_errorGuard, V1Network.Cancelled);
        code.ShouldBeOneOf(0, 202);
        if (code == 202)
        {
            seen.Refused(Stopwatch.GetElapsedTime(began));
        }
    }

    /// <summary>Ten times a second at most, and not without end.</summary>
    private static async Task UntilAsync(Func<bool> isOver, Func<Task> work)
    {
        using PeriodicTimer timer = new(TimeSpan.FromMilliseconds(100));
        for (int n = 0; n < 500 && !isOver(); n++)
        {
            await work();
            await timer.WaitForNextTickAsync(V1Network.Cancelled);
        }
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        long began = Stopwatch.GetTimestamp();
        await work().WaitAsync(s_errorGuard, V1Network.Cancelled);
        return Stopwatch.GetElapsedTime(began);
    }

    /// <summary>What was counted and timed while the store was away, and after.</summary>
    private sealed class Figures
    {
        private string _sentence = "";

        public int Answers { get; private set; }

        public int Errors { get; private set; }

        public int Refusals { get; private set; }

        public TimeSpan SlowestAnswer { get; private set; }

        public TimeSpan SlowestError { get; private set; }

        public TimeSpan SlowestRefusal { get; private set; }

        public TimeSpan Recovery { get; set; }

        public int Acknowledged { get; set; }

        public void Answered(TimeSpan after)
        {
            Answers++;
            SlowestAnswer = after > SlowestAnswer ? after : SlowestAnswer;
        }

        public void Error(string sentence, TimeSpan after)
        {
            Errors++;
            _sentence = sentence;
            SlowestError = after > SlowestError ? after : SlowestError;
        }

        public void Refused(TimeSpan after)
        {
            Refusals++;
            SlowestRefusal = after > SlowestRefusal ? after : SlowestRefusal;
        }

        public override string ToString() =>
            $"{Answers} pings and get_peers answered, slowest pair {SlowestAnswer.TotalMilliseconds:F0} ms; {Errors} x 503, slowest {SlowestError.TotalMilliseconds:F0} ms ('{_sentence}'); "
            + $"{Refusals} x 202, slowest {SlowestRefusal.TotalMilliseconds:F0} ms; back after {Recovery.TotalMilliseconds:F0} ms; {Acknowledged} acknowledged, 0 lost";
    }
}
