using System.Text;
using Microsoft.Extensions.Configuration;

namespace Kadstone.Hosting.Tests;

/// <summary>Whatever is wrong in the section: one line that names the key, the value and what is allowed.</summary>
public sealed class BadConfigurationTests
{
    /// <summary>The section as JSON with ' for quotes; the key that is named; what is quoted; a piece of what is allowed.</summary>
    public static TheoryData<string, string, string, string> Cases => new()
    {
        { "{'Profil':'laptop'}", "Kadstone:Profil", "", "Profile" },
        { "{'Profile':'desktop'}", "Kadstone:Profile", "'desktop'", "laptop, server or router" },
        { "{'Profile':''}", "Kadstone:Profile", "''", "laptop" },
        { "{'Profile':1}", "Kadstone:Profile", "'1'", "laptop" },
        { "{'Profile':['laptop']}", "Kadstone:Profile", "", "laptop" },
        { "{'Profile':{'Name':'laptop'}}", "Kadstone:Profile", "", "laptop" },
        { "{'DataFolder':''}", "Kadstone:DataFolder", "''", "the path of a folder" },
        { "{'DataFolder':'a\\u0000b'}", "Kadstone:DataFolder", "", "the path of a folder" },
        { "{'Store':'disk'}", "Kadstone:Store", "'disk'", "sqlite:FILE" },
        { "{'Store':'sqlite:'}", "Kadstone:Store", "'sqlite:'", "sqlite:FILE" },
        { "{'Store':'postgres:'}", "Kadstone:Store", "'postgres:'", "postgres:CONNECTION" },
        { "{'Store':'Memory'}", "Kadstone:Store", "'Memory'", "memory" },
        { "{'Networks':'mainline,freenet'}", "Kadstone:Networks", "'mainline,freenet'", "mainline, hyperswarm, ipfs" },
        { "{'Networks':[]}", "Kadstone:Networks", "'none'", "mainline, hyperswarm, ipfs" },
        { "{'Networks':['ipfs',7]}", "Kadstone:Networks", "'ipfs,7'", "mainline, hyperswarm, ipfs" },
        { "{'Networks':{'ipfs':true}}", "Kadstone:Networks", "", "mainline, hyperswarm, ipfs" },
        { "{'Networks':'none'}", "Kadstone:Networks", "'none'", "mainline, hyperswarm, ipfs" },
        { "{'PacketBudget':9}", "Kadstone:PacketBudget", "'9'", "10 to 1000000" },
        { "{'PacketBudget':1000001}", "Kadstone:PacketBudget", "'1000001'", "10 to 1000000" },
        { "{'PacketBudget':-200}", "Kadstone:PacketBudget", "'-200'", "10 to 1000000" },
        { "{'PacketBudget':'200/s'}", "Kadstone:PacketBudget", "'200/s'", "10 to 1000000" },
        { "{'PacketBudget':1.5}", "Kadstone:PacketBudget", "'1.5'", "10 to 1000000" },
        { "{'PacketBudget':99999999999}", "Kadstone:PacketBudget", "'99999999999'", "10 to 1000000" },
        { "{'KeepsContacts':'yes'}", "Kadstone:KeepsContacts", "'yes'", "true or false" },
        { "{'Private':1}", "Kadstone:Private", "'1'", "true or false" },
        { "{'Diversity':'off'}", "Kadstone:Diversity", "'off'", "true or false" },
        { "{'Api':'5001'}", "Kadstone:Api", "'5001'", "ADDRESS:PORT, or off" },
        { "{'Api':'127.0.0.1'}", "Kadstone:Api", "'127.0.0.1'", "ADDRESS:PORT" },
        { "{'Api':'127.0.0.1:65536'}", "Kadstone:Api", "'127.0.0.1:65536'", "ADDRESS:PORT" },
        { "{'Api':'127.1:5001'}", "Kadstone:Api", "'127.1:5001'", "ADDRESS:PORT" },
        { "{'Api':'::1:5001'}", "Kadstone:Api", "'::1:5001'", "ADDRESS:PORT" },
        { "{'Api':'http://127.0.0.1:5001'}", "Kadstone:Api", "'http://127.0.0.1:5001'", "ADDRESS:PORT" },
        { "{'Api':false}", "Kadstone:Api", "'False'", "or off" },
        { "{'Gateway':':8080'}", "Kadstone:Gateway", "':8080'", "ADDRESS:PORT" },
        { "{'Gateway':'example.org:80'}", "Kadstone:Gateway", "'example.org:80'", "ADDRESS:PORT" },
        { "{'OtlpEndpoint':'collector:4317'}", "Kadstone:OtlpEndpoint", "'collector:4317'", "http://HOST:PORT" },
        { "{'OtlpEndpoint':'ftp://collector'}", "Kadstone:OtlpEndpoint", "'ftp://collector'", "http://HOST:PORT" },
        { "{'Mainline':{'Port':65536}}", "Kadstone:Mainline:Port", "'65536'", "0 to 65535" },
        { "{'Mainline':{'Port':-1}}", "Kadstone:Mainline:Port", "'-1'", "0 to 65535" },
        { "{'Mainline':{'Port':'0x1AE1'}}", "Kadstone:Mainline:Port", "'0x1AE1'", "0 to 65535" },
        { "{'Mainline':{'port':' 6881'}}", "Kadstone:Mainline:Port", "' 6881'", "0 to 65535" },
        { "{'Mainline':{'Prot':6881}}", "Kadstone:Mainline:Prot", "", "Port, Addresses, Bootstrap" },
        { "{'Mainline':6881}", "Kadstone:Mainline", "", "Mainline" },
        { "{'Mainline':{'Addresses':'localhost'}}", "Kadstone:Mainline:Addresses", "'localhost'", "1 to 16 IP addresses" },
        { "{'Mainline':{'Addresses':[]}}", "Kadstone:Mainline:Addresses", "'none'", "1 to 16 IP addresses" },
        { "{'Mainline':{'Addresses':['256.1.1.1']}}", "Kadstone:Mainline:Addresses", "'256.1.1.1'", "1 to 16 IP addresses" },
        { "{'Mainline':{'Bootstrap':'router'}}", "Kadstone:Mainline:Bootstrap", "'router'", "HOST:PORT" },
        { "{'Mainline':{'Bootstrap':['a:1','b:0']}}", "Kadstone:Mainline:Bootstrap", "'a:1,b:0'", "HOST:PORT" },
        { "{'Mainline':{'Bootstrap':'1.2.3.400:6881'}}", "Kadstone:Mainline:Bootstrap", "'1.2.3.400:6881'", "HOST:PORT" },
        { "{'Mainline':{'Serving':'never'}}", "Kadstone:Mainline:Serving", "'never'", "adaptive, always or readonly" },
        { "{'Mainline':{'MaxInfoHashes':0}}", "Kadstone:Mainline:MaxInfoHashes", "'0'", "1 to 100000000" },
        { "{'Mainline':{'Bootstrap':{'First':'a:1'}}}", "Kadstone:Mainline:Bootstrap", "", "HOST:PORT" },
        { "{'Networks':'ipfs','Mainline':{'Port':'x'}}", "Kadstone:Mainline:Port", "'x'", "0 to 65535" },
        { "{'Hyperswarm':{'Port':'any'}}", "Kadstone:Hyperswarm:Port", "'any'", "0 to 65535" },
        { "{'Hyperswarm':{'Host':'::1'}}", "Kadstone:Hyperswarm:Host", "'::1'", "an IPv4 address" },
        { "{'Hyperswarm':{'PublicAddress':'example.org'}}", "Kadstone:Hyperswarm:PublicAddress", "'example.org'", "an IPv4 address" },
        { "{'Hyperswarm':{'Bootstrap':'a:70000'}}", "Kadstone:Hyperswarm:Bootstrap", "'a:70000'", "HOST:PORT" },
        { "{'Hyperswarm':{'Serving':'never'}}", "Kadstone:Hyperswarm:Serving", "'never'", "adaptive, always or readonly" },
        { "{'Hyperswarm':{'Seed':'00'}}", "Kadstone:Hyperswarm:Seed", "", "Port, Host, PublicAddress, Bootstrap" },
        { "{'Ipfs':{'Listen':'0.0.0.0:4001'}}", "Kadstone:Ipfs:Listen", "'0.0.0.0:4001'", "/ip4/0.0.0.0/tcp/4001" },
        { "{'Ipfs':{'Listen':'/ip4/0.0.0.0/udp/4001/quic-v1'}}", "Kadstone:Ipfs:Listen", "'/ip4/0.0.0.0/udp/4001/quic-v1'", "/ip4/0.0.0.0/tcp/4001" },
        { "{'Ipfs':{'Announce':'example.org'}}", "Kadstone:Ipfs:Announce", "'example.org'", "/ip4/203.0.113.7/tcp/4001" },
        { "{'Ipfs':{'Bootstrap':'/ip4/127.0.0.1/tcp/4001'}}", "Kadstone:Ipfs:Bootstrap", "'/ip4/127.0.0.1/tcp/4001'", "/p2p/PEER" },
        { "{'Ipfs':{'Scope':'dual'}}", "Kadstone:Ipfs:Scope", "'dual'", "wan, lan or both" },
        { "{'Ipfs':{'Scope':'3'}}", "Kadstone:Ipfs:Scope", "'3'", "wan, lan or both" },
        { "{'Ipfs':{'Mode':'dhtserver'}}", "Kadstone:Ipfs:Mode", "'dhtserver'", "auto, client or server" },
        { "{'Ipfs':{'ProtocolPrefix':'ipfs'}}", "Kadstone:Ipfs:ProtocolPrefix", "'ipfs'", "a slash" },
        { "{'Ipfs':{'ProtocolPrefix':'/ipfs/'}}", "Kadstone:Ipfs:ProtocolPrefix", "'/ipfs/'", "a slash" },
        { "{'Bittorrent':{'Port':6881}}", "Kadstone:Bittorrent", "", "Mainline" },
        { "{'Logging':{}}", "Kadstone:Logging", "", "Profile" },
        { "'laptop'", "Kadstone", "'laptop'", "a section" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Names_the_key_the_value_and_what_is_allowed(string section, string key, string quotes, string allowed)
    {
        KadstoneSetupException refused = Should.Throw<KadstoneSetupException>(() => KadstoneSettings.Read(Json($"{{'Kadstone':{section}}}")));
        refused.Setting.ShouldBe(key);
        refused.Message.ShouldStartWith(key);
        refused.Message.ShouldContain(quotes);
        refused.Message.ShouldContain(allowed);
        refused.Message.ShouldMatch("allowed|expected|should be");
        refused.Message.Split('\n').Length.ShouldBe(1);
    }

    [Fact]
    public void There_are_sixty_cases_and_every_setting_has_one()
    {
        Cases.Count.ShouldBeGreaterThanOrEqualTo(60);
        string[] named = [.. Cases.Select(row => row.Data.Item2)];
        KadstoneSettings.All.Select(setting => $"{KadstoneOptions.SectionName}:{setting.Key}").Where(key => !named.Contains(key)).ShouldBeEmpty();
    }

    [Fact]
    public void A_value_of_any_length_costs_one_short_line() =>
        Should.Throw<KadstoneSetupException>(() => KadstoneSettings.Read(Json($"{{'Kadstone':{{'Profile':'{new string('x', 100_000)}\\n\\n'}}}}"))).Message.Length.ShouldBeLessThan(300);

    internal static IConfigurationRoot Json(string text) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(text.Replace('\'', '"')))).Build();
}
