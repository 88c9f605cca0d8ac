namespace Kadstone.Hosting;

/// <summary>The nodes cannot be set up as they were told to: the message names the setting, what is wrong and what is allowed.</summary>
public sealed class KadstoneSetupException : Exception
{
    /// <summary>A setting that cannot be.</summary>
    /// <param name="setting">Its key, such as <c>Kadstone:Mainline:Port</c>.</param>
    /// <param name="problem">What is wrong and what is allowed, to be read after the setting's name.</param>
    /// <param name="innerException">What it came from.</param>
    public KadstoneSetupException(string setting, string problem, Exception? innerException = null)
        : base($"{setting} {problem}", innerException)
    {
        Setting = setting;
        Problem = problem;
    }

    /// <summary>The setting's key, such as <c>Kadstone:Mainline:Port</c>.</summary>
    public string Setting { get; }

    /// <summary>What is wrong and what is allowed: the message without the setting's name.</summary>
    public string Problem { get; }
}
