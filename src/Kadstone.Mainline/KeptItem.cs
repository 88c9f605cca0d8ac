using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline;

/// <summary>An item that is put again and again until this is disposed.</summary>
public sealed class KeptItem : IAsyncDisposable
{
    private readonly DatagramDriver<MainlineProtocol> _driver;
    private readonly Publication _publication;

    internal KeptItem(DatagramDriver<MainlineProtocol> driver, Key160 target, TimeSpan interval, Func<Query> create)
    {
        _driver = driver;
        Target = target;
        _publication = new Publication(target, interval, create);
        driver.Run((protocol, now) => protocol.Publish(_publication, now));
    }

    /// <summary>Where the item is stored.</summary>
    public Key160 Target { get; }

    /// <summary>How many nodes acknowledged the last round; 0 before the first, and when enough of them had it.</summary>
    public int LastStored => _driver.Run(_publication, static (_, publication, _) => publication.LastStored);

    /// <summary>Stops putting it. Nodes drop it after two hours.</summary>
    public ValueTask DisposeAsync()
    {
        _driver.Run((protocol, _) =>
        {
            protocol.Withdraw(_publication);
            protocol.Resume();
        });
        return ValueTask.CompletedTask;
    }
}
