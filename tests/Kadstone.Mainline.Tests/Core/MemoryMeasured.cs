namespace Kadstone.Mainline.Tests.Core;

/// <summary>Tests that weigh the heap: alone, or they would weigh their neighbours' as well.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class MemoryMeasured
{
    public const string Name = "Memory";
}
