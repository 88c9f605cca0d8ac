namespace Kadstone.Mainline;

/// <summary>Something that failed and that no caller waits for: she would see it as an exception.</summary>
/// <param name="Message">What, in a sentence.</param>
/// <param name="Exception">The cause; null if there is none.</param>
public readonly record struct MainlineError(string Message, Exception? Exception);
