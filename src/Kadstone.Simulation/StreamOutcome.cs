namespace Kadstone.Simulation;

/// <summary>What became of one request on a stream of its own.</summary>
internal enum StreamOutcome
{
    /// <summary>An answer came, or the end of the stream: then it is empty.</summary>
    Answered,

    /// <summary>The stream was reset: it was refused, or broke.</summary>
    Reset,

    /// <summary>Another peer than the one sought lives there.</summary>
    Unreachable,

    /// <summary>Nothing came in time: nobody is there, or who is does not answer.</summary>
    Silence,
}
