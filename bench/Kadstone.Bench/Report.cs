using System.Text.Json;

namespace Kadstone.Bench;

/// <summary>Every figure leaves as one line of JSON on the standard output.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static void Write<T>(T figures) => Console.WriteLine(JsonSerializer.Serialize(figures, Web));

    public static T Read<T>(string file) =>
        JsonSerializer.Deserialize<T>(File.ReadAllBytes(file), Web) ?? throw new ArgumentException($"{file} holds no task");

    /// <summary>Resident memory of this process in bytes, as the kernel counts it.</summary>
    public static long ResidentBytes()
    {
        using System.Diagnostics.Process self = System.Diagnostics.Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
