using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Core;

/// <summary>What became of a question to one endpoint.</summary>
internal enum DirectOutcome
{
    Open,
    Answered,
    Silent,
    NotSent,
}

/// <summary>A question to one endpoint, as a caller sees it.</summary>
internal sealed class DirectQuery : IAsker
{
    /// <summary>Called when the outcome is known; under the driver's lock, so it may only signal.</summary>
    internal Action? Changed { get; init; }

    /// <summary>Whether the answer is kept for the caller.</summary>
    internal bool Keeps { get; init; }

    /// <summary>Whether the caller has left.</summary>
    public bool IsOver { get; private set; }

    internal DirectOutcome Outcome { get; private set; }

    internal RpcAnswer? Answer { get; private set; }

    public void Answered(OpenRequest request, in RpcMessage answer, bool hasId, Instant now)
    {
        Answer = Keeps ? RpcAnswer.Of(answer, request.To, hasId, now - request.SentAt) : null;
        End(DirectOutcome.Answered);
    }

    public void Silent(OpenRequest request, Instant now) => End(DirectOutcome.Silent);

    /// <summary>The caller leaves: nothing is sent again.</summary>
    internal void Leave() => IsOver = true;

    internal void NotSent() => End(DirectOutcome.NotSent);

    private void End(DirectOutcome outcome)
    {
        Outcome = outcome;
        Changed?.Invoke();
    }
}
