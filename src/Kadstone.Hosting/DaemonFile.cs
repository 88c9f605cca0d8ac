using System.Text.Json;

namespace Kadstone.Hosting;

/// <summary>Who runs in a data folder, and where its API is: <c>daemon.json</c>, mode 0600, for the other commands of the same user.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Api">Where its API answers, such as <c>http://127.0.0.1:5001</c>; null: nowhere.</param>
/// <param name="Token">What requests must carry as <c>Authorization: Bearer</c>; null: nothing.</param>
public sealed record DaemonFile(int Pid, string? Api, string? Token)
{
    private const string Name = "daemon.json";
    private const int MaxLength = 64 * 1024;

    /// <summary>Writes the file at one stroke.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be written.</exception>
    public void Write(string folder)
    {
        string path = Path.Combine(folder, Name);
        string next = path + ".new";
        File.Delete(next);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(next, options))
        using (Utf8JsonWriter json = new(file))
        {
            json.WriteStartObject();
            json.WriteNumber("pid", Pid);
            json.WriteString("api", Api);
            json.WriteString("token", Token);
            json.WriteEndObject();
        }

        File.Move(next, path, overwrite: true);
    }

    /// <summary>Reads the file of a folder; null when there is none, or none that can be read. Its process may be gone.</summary>
    public static DaemonFile? TryRead(string folder)
    {
        try
        {
            FileInfo file = new(Path.Combine(folder, Name));
            if (!file.Exists || file.Length > MaxLength)
            {
                return null;
            }

            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file.FullName));
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object && root.TryGetProperty("pid", out JsonElement pid) && pid.ValueKind == JsonValueKind.Number && pid.TryGetInt32(out int number)
                ? new DaemonFile(number, Text(root, "api"), Text(root, "token"))
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes the file; one that stays misleads nobody, for its process is gone.</summary>
    public static void TryDelete(string folder)
    {
        try
        {
            File.Delete(Path.Combine(folder, Name));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // As the summary says.
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
