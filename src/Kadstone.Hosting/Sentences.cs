namespace Kadstone.Hosting;

/// <summary>Messages of others within sentences of ours.</summary>
internal static class Sentences
{
    internal static string FirstLine(Exception exception) => exception.Message.Split('\n', '\r')[0];
}
