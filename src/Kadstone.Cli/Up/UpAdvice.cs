namespace Kadstone.Cli.Up;

/// <summary>Commands to copy, with a devnet's addresses in them.</summary>
internal static class UpAdvice
{
    private const string InfoHash = "2b66980093bc11806fab50cb3cb41835b95a0362";
    private const string Topic = "3031323334353637303132333435363730313233343536373031323334353637";
    private const string Content = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

    internal static void Give(UpEvents events, IReadOnlyList<(string Network, string Bootstrap)> networks)
    {
        events.Advise("try in another terminal:");
        foreach ((string network, string bootstrap) in networks)
        {
            foreach (string command in CommandsOf(network))
            {
                events.Advise($"  ./dht {command} {(network == "ipfs" ? "--protocol lan" : "--private")} --bootstrap {bootstrap}");
            }
        }

        events.Advise("Ctrl-C ends it.");
    }

    private static string[] CommandsOf(string network) => network switch
    {
        "mainline" => [$"mainline announce {InfoHash} --peer-port 51413", $"mainline peers {InfoHash}", $"mainline trace {InfoHash}", "mainline put 'hello world'"],
        "hyperswarm" => [$"hyper announce {Topic} --peer-port 10000", $"hyper lookup {Topic}", "hyper put 'hello world'"],
        _ => [$"ipfs provide {Content} --listen /ip4/127.0.0.1/tcp/0", $"ipfs findprovs {Content}"],
    };
}
