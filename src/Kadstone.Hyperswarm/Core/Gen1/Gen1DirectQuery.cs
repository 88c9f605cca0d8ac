using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core.Gen1;

/// <summary>A question to one endpoint, as a caller sees it.</summary>
internal sealed class Gen1DirectQuery : IGen1Asker
{
    /// <summary>Called when the outcome is known; under the driver's lock, so it may only signal.</summary>
    internal Action? Changed { get; init; }

    /// <summary>Whether the answer is kept for the caller.</summary>
    internal bool Keeps { get; init; }

    /// <summary>Whether the caller has left.</summary>
    public bool IsOver { get; private set; }

    internal DirectOutcome Outcome { get; private set; }

    internal RpcAnswer? Answer { get; private set; }

    public void Answered(Gen1OpenRequest request, in Gen1Message answer, Instant now)
    {
        Answer = Keeps ? Gen1Walk.AnswerOf(answer, request, RpcPhase.Walk, now) : null;
        End(DirectOutcome.Answered);
    }

    public void Silent(Gen1OpenRequest request, Instant now) => End(DirectOutcome.Silent);

    /// <summary>The caller leaves: nothing is sent again.</summary>
    internal void Leave() => IsOver = true;

    internal void NotSent() => End(DirectOutcome.NotSent);

    private void End(DirectOutcome outcome)
    {
        Outcome = outcome;
        Changed?.Invoke();
    }
}
