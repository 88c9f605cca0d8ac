using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Queries;

namespace Kadstone.Mainline;

/// <summary>An infohash that is announced again and again until this is disposed.</summary>
public sealed class Advertisement : IAsyncDisposable
{
    private readonly DatagramDriver<MainlineProtocol> _driver;
    private readonly PeerWatch _watch;
    private readonly Publication _publication;
    private readonly Signal _told = new();

    internal Advertisement(DatagramDriver<MainlineProtocol> driver, PeerWatch watch, Key160 infoHash, Announcement announcement, TimeSpan interval)
    {
        _driver = driver;
        _watch = watch;
        InfoHash = infoHash;
        Port = announcement.Port;
        _publication = new Publication(
            infoHash,
            interval,
            () => new GetPeersQuery(infoHash, announcement) { Changed = watch.Wake })
        {
            Told = _ => _told.Set(),
        };
        watch.Add(this);
        driver.Run((protocol, now) => protocol.Publish(_publication, now));
    }

    /// <summary>What is announced.</summary>
    public Key160 InfoHash { get; }

    /// <summary>The announced port; 0 means the UDP port of the node.</summary>
    public int Port { get; }

    /// <summary>How many nodes acknowledged the last round; 0 before the first.</summary>
    public int LastStored => _driver.Run(_publication, static (_, publication, _) => publication.LastStored);

    /// <summary>Waits until the first round has ended.</summary>
    /// <returns>How many nodes acknowledged it.</returns>
    public async Task<int> WaitForFirstAsync(CancellationToken cancellationToken = default)
    {
        while (_driver.Run(_publication, static (_, publication, _) => publication.Rounds) == 0)
        {
            await _told.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        _told.Set();
        return LastStored;
    }

    /// <summary>Stops announcing. What was announced expires at the nodes that hold it.</summary>
    public ValueTask DisposeAsync()
    {
        _driver.Run((protocol, _) => protocol.Withdraw(_publication));
        _watch.Remove(this);
        return ValueTask.CompletedTask;
    }

    // Under the driver's lock.
    internal void TakePeers(List<PeerChange> changes)
    {
        while (_publication.LatestQuery is GetPeersQuery query && query.TryTake(out UdpEndpoint peer))
        {
            changes.Add(new PeerChange(InfoHash, peer, Expired: false));
        }
    }
}
