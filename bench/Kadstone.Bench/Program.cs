using Kadstone.Bench;

const string Usage = """
    usage: Kadstone.Bench COMMAND [--option value ...]
      lookup FILE                                        lookups of a task file, one JSON line each (bench/run-lookup)
      hyper-node [--port 49737] [--bootstrap HOST:PORT]  a Hyperswarm node to be loaded (bench/run-hyper)
      hyper-hundred [--nodes 100] [--wire v6|gen1]       so many nodes in this process: seconds until all have joined, megabytes
      hyper-lookup FILE                                  queries of a task file, one JSON line each (bench/run-hyper-lookup)
      ipfs-node [--port 4001]                            an IPFS node to be loaded, with /perf/1.0.0 (bench/run-ipfs)
      ipfs-lookup FILE                                   lookups of a task file, one JSON line each (bench/run-ipfs-lookup)
      answer   [--seconds 2] [--contacts 2000]           nanoseconds and bytes allocated for an answered query, no socket
      sqlite   [--keys 200000] [--callers 4] [--batch 2000] [--seconds 5] [--gets 2000] [--file PATH] upserts a second of the SQLite store, then so many gets a second
      postgres --connection CONNECTION [as sqlite]       the same of the PostgreSQL store, in an empty database of its own
      memory   [--peers 1000000]                         idle RSS and bytes for a stored peer
      simulate [--nodes 10000] [--hours 1] [--lookups 1000] [--seed 1]   a whole network in virtual time
    """;

try
{
    Arguments arguments = Arguments.Parse(args);
    return arguments.Command switch
    {
        "lookup" => await LookupBench.RunAsync(arguments),
        "hyper-node" => await HyperNode.RunAsync(arguments),
        "hyper-hundred" => await HyperHundredBench.RunAsync(arguments),
        "hyper-lookup" => await HyperLookupBench.RunAsync(arguments),
        "ipfs-node" => await IpfsNode.RunAsync(arguments),
        "ipfs-lookup" => await IpfsLookupBench.RunAsync(arguments),
        "answer" => AnswerBench.Run(arguments),
        "sqlite" or "postgres" => await UpsertBench.RunAsync(arguments),
        "memory" => MemoryBench.Run(arguments),
        "simulate" => SimulateBench.Run(arguments),
        _ => throw new ArgumentException($"unknown command '{arguments.Command}'"),
    };
}
catch (ArgumentException misuse)
{
    Console.Error.WriteLine($"{misuse.Message}\n{Usage}");
    return 2;
}
catch (NotBuiltYetException missing)
{
    Console.Error.WriteLine(missing.Message);
    return 3;
}
