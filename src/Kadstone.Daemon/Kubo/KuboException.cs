namespace Kadstone.Daemon.Kubo;

/// <summary>A command ends here, with an answer in Kubo's form.</summary>
internal sealed class KuboException(int status, string message, int code) : Exception(message)
{
    /// <summary>The HTTP status, when nothing was sent yet.</summary>
    public int Status { get; } = status;

    /// <summary>Kubo's own code: 0 for a failure, 1 for a client's mistake.</summary>
    public int Code { get; } = code;

    /// <summary>The client asked for something that cannot be.</summary>
    public static KuboException BadArgument(string message) => new(400, message, 1);

    /// <summary>The command could not do what it was asked for.</summary>
    public static KuboException Failed(string message) => new(500, message, 0);
}
