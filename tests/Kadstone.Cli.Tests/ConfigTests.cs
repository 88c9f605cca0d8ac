using System.Collections;
using System.Text.Json;
using Kadstone.Cli.Up;
using Kadstone.Hosting;

namespace Kadstone.Cli.Tests;

public sealed class ConfigTests
{
    [Fact]
    public async Task What_init_writes_is_what_holds_anyway()
    {
        using TemporaryFolder folder = new();
        string file = folder["appsettings.json"];
        (await DhtRun.RunAsync("config", "init", file)).ShouldEndWith(0);
        string before = (await DhtRun.RunAsync("config", "show", "--config", Empty(folder), "-o", "json")).ShouldEndWith(0).Output;
        string after = (await DhtRun.RunAsync("config", "show", "--config", file, "-o", "json")).ShouldEndWith(0).Output;
        Values(after).ShouldBe(Values(before));
        KadstoneOptions read = ConfigurationLayers.Load(file, new Hashtable(), new Dictionary<string, string>()).Read();
        KadstoneOptions defaults = ConfigurationLayers.Load(Empty(folder), new Hashtable(), new Dictionary<string, string>()).Read();
        read.Profile.ShouldBe(defaults.Profile);
        read.Mainline!.Bootstrap.ShouldBe(defaults.Mainline!.Bootstrap);
        read.Ipfs!.Host.Listen.ShouldBe(defaults.Ipfs!.Host.Listen);
    }

    [Fact]
    public void An_option_goes_before_a_variable_and_a_variable_before_the_file()
    {
        using TemporaryFolder folder = new();
        folder.Write("settings.json", """{ "Kadstone": { "Profile": "router", "PacketBudget": 100, "Api": "off", "Mainline": { "Bootstrap": ["a:1", "b:2"] } } }""");
        Hashtable variables = new() { ["KADSTONE__PACKETBUDGET"] = "200", ["KADSTONE__PROFILE"] = "server", ["PATH"] = "/bin" };
        ConfigurationLayers layers = ConfigurationLayers.Load(folder["settings.json"], variables, new Dictionary<string, string> { ["Profile"] = "laptop" });
        KadstoneOptions options = layers.Read();
        options.Profile.ShouldBe(KadstoneProfile.Laptop);
        options.PacketBudget.ShouldBe(200);
        options.Api.ShouldBeNull();
        layers.Origin("Profile").ShouldBe("--profile");
        layers.Origin("PacketBudget").ShouldBe("KADSTONE__PACKETBUDGET");
        layers.Origin("Api").ShouldBe(folder["settings.json"]);
        layers.Origin("Mainline:Bootstrap").ShouldBe(folder["settings.json"]);
        layers.Origin("Gateway").ShouldBe("default");
        layers.Value("Mainline:Bootstrap").ShouldBe("a:1,b:2");
    }

    [Theory]
    [InlineData("KADSTONE__MAINLINE__PORT", "x", "KADSTONE__MAINLINE__PORT 'x' is not allowed; a UDP port, 0 to 65535, is expected.")]
    [InlineData("KADSTONE__MAINLIN__PORT", "1", "KADSTONE__MAINLIN is no setting; allowed there: Profile")]
    [InlineData("KADSTONE__PROFILE", "", "KADSTONE__PROFILE '' is not allowed; laptop, server or router is expected.")]
    public void A_variable_that_is_wrong_is_named_as_it_was_said(string name, string value, string sentence)
    {
        using TemporaryFolder folder = new();
        CommandFailedException refused = Should.Throw<CommandFailedException>(() => ConfigurationLayers.Load(Empty(folder), new Hashtable { [name] = value }, new Dictionary<string, string>()).Read());
        refused.ExitCode.ShouldBe(ExitCode.Usage);
        refused.Message.ShouldStartWith(sentence);
    }

    [Fact]
    public async Task Show_hides_a_connection_string()
    {
        using TemporaryFolder folder = new();
        folder.Write("settings.json", """{ "Kadstone": { "Store": "postgres:Host=db;Password=secret" } }""");
        string output = (await DhtRun.RunAsync("config", "show", "--config", folder["settings.json"])).ShouldEndWith(0).Output;
        output.ShouldNotContain("secret");
        output.ShouldContain("postgres:…");
        output.ShouldContain($"({folder["settings.json"]})");
    }

    [Fact]
    public async Task Explain_tells_of_every_setting_and_of_one()
    {
        string[] all = (await DhtRun.RunAsync("config", "explain", "-o", "json")).ShouldEndWith(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        all.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("key").GetString()).ShouldBe(KadstoneSettings.All.Select(setting => $"Kadstone:{setting.Key}"));
        foreach (string key in (string[])["Mainline:Port", "KADSTONE__MAINLINE__PORT", "kadstone:mainline:port"])
        {
            string one = (await DhtRun.RunAsync("config", "explain", key)).ShouldEndWith(0).Output;
            one.ShouldStartWith("Mainline:Port\n");
            one.ShouldContain("Default: 6881");
        }
    }

    private static string Empty(TemporaryFolder folder)
    {
        folder.Write("empty.json", "{}");
        return folder["empty.json"];
    }

    private static string[] Values(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Select(line => $"{line.GetProperty("key").GetString()} {line.GetProperty("value").GetString()}")];
}
