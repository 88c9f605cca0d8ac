namespace Kadstone.Hyperswarm;

/// <summary>Nobody answered: the node that was asked, or all of the network.</summary>
public sealed class NoAnswerException(string message) : IOException(message);
