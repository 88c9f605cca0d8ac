namespace Kadstone.Datagrams;

/// <summary>Starts the threads that move datagrams, and knows them.</summary>
internal static class IOThread
{
    [ThreadStatic]
    private static bool s_isCurrent;

    /// <summary>Whether the caller is on one of them.</summary>
    public static bool IsCurrent => s_isCurrent;

    public static Thread Start(string name, Action loop)
    {
        var thread = new Thread(() =>
        {
            s_isCurrent = true;
            loop();
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return thread;
    }
}
