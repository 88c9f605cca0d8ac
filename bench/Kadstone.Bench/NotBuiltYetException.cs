namespace Kadstone.Bench;

/// <summary>A bench whose subject does not exist yet: the program says so and ends with exit code 3.</summary>
internal sealed class NotBuiltYetException(string what) : Exception($"not built yet: {what}");
