using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kadstone.Cli.Up;
using Kadstone.Hosting;

namespace Kadstone.Cli.Tests.Deploy;

/// <summary>deploy/Dockerfile and deploy/compose.yaml, as far as they can be read without Docker: what they tell the daemon is what it understands.</summary>
public sealed partial class ContainerTests
{
    [Fact]
    public void Every_variable_of_the_compose_file_is_a_setting_with_a_value_that_is_allowed()
    {
        Hashtable variables = [];
        foreach (Match line in Variable().Matches(File.ReadAllText(Path.Combine(UnitFile.Folder, "compose.yaml"))))
        {
            // Who starts it gives the password.
            variables[line.Groups[1].Value] = Given().Replace(line.Groups[2].Value.Trim('"'), "secret");
        }

        using TemporaryFolder folder = new();
        KadstoneOptions options = ConfigurationLayers.Load(folder.Write("empty.json", "{}"), variables, new Dictionary<string, string>()).Read();
        options.Profile.ShouldBe(KadstoneProfile.Server);
        options.Store!.Name.ShouldBe("postgres");
    }

    [Fact]
    public async Task The_image_s_command_comes_up()
    {
        string line = File.ReadLines(Path.Combine(UnitFile.Folder, "Dockerfile")).Single(one => one.StartsWith("ENTRYPOINT ", StringComparison.Ordinal));
        string[] words = JsonSerializer.Deserialize<string[]>(line["ENTRYPOINT ".Length..])!;
        words[..2].ShouldBe(["dotnet", "/opt/kadstone/dht.dll"]);
        using TemporaryFolder folder = new();
        string settings = folder.Write("settings.json", """
            { "Kadstone": { "Private": true, "Networks": "mainline", "Api": "off", "Mainline": { "Port": 0, "Addresses": "127.77.233.1", "Bootstrap": "none" } } }
            """);
        await using DhtRun up = DhtRun.Start([.. words[2..].Select(word => word == "/data" ? folder["data"] : word), "--config", settings]);
        await up.Output.WaitForAsync(one => one.StartsWith("ready:", StringComparison.Ordinal));
        (await up.InterruptAsync()).ShouldBe(0);
        File.Exists(Path.Combine(folder["data"], "node.sqlite")).ShouldBeTrue();
    }

    [GeneratedRegex(@"^ *(KADSTONE__\w+): *(.+)$", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex(@"\$\{\w+:\?\}")]
    private static partial Regex Given();
}
