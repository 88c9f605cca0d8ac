namespace Kadstone.Simulation;

/// <summary>A simulation failed. The message names seed, virtual time and trace: all it takes to run it again.</summary>
public sealed class SimulationFailedException : Exception
{
    /// <summary>Makes the exception without a message.</summary>
    public SimulationFailedException()
    {
    }

    /// <summary>Makes the exception.</summary>
    public SimulationFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with its cause.</summary>
    public SimulationFailedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
