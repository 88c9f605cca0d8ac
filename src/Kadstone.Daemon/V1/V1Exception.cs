namespace Kadstone.Daemon.V1;

/// <summary>A request that is answered with an error.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="sentence">What is wrong, where, and what is allowed.</param>
internal sealed class V1Exception(int status, string sentence) : Exception(sentence)
{
    public int Status { get; } = status;
}
