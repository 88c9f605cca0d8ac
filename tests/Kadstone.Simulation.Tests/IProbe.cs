namespace Kadstone.Simulation.Tests;

/// <summary>A lookup of a scenario, as a bar counts it.</summary>
internal interface IProbe
{
    /// <summary>Whether who was looked for was found.</summary>
    bool IsFound { get; }

    /// <summary>Whether it says something: at its end both the asker and who is looked for were there.</summary>
    bool Counts { get; }
}
