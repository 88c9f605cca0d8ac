namespace Kadstone.Interop.Tests.Harness;

/// <summary>A peer of a test died, stayed silent or refused; the message ends with its last lines.</summary>
public sealed class PeerException(string message) : Exception(message);
