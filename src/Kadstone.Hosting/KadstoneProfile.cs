namespace Kadstone.Hosting;

/// <summary>How much of a machine and its line the nodes may take.</summary>
/// <remarks>
/// <list type="table">
/// <listheader><term>profile</term><description>datagrams a second; records a shelf; store's bytes; infohashes with peers; connections of IPFS</description></listheader>
/// <item><term><see cref="Laptop"/></term><description>200; 100,000; 256 MiB; 50,000; 128</description></item>
/// <item><term><see cref="Server"/></term><description>2,000; 1,000,000; 1 GiB; 200,000; 512</description></item>
/// <item><term><see cref="Router"/></term><description>20,000; 10,000,000; 16 GiB; 1,000,000; 2,048</description></item>
/// </list>
/// What the options of a network or of the store say otherwise than by default goes before the profile.
/// </remarks>
public enum KadstoneProfile
{
    /// <summary>A machine with something else to do, behind a home router: the default.</summary>
    Laptop,

    /// <summary>A machine that is always on.</summary>
    Server,

    /// <summary>A machine that others begin at, with a line of its own.</summary>
    Router,
}
