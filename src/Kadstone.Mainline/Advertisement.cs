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
    private readonly CancellationToken _closing;
    private readonly CancellationTokenSource _withdrawing = new();

    internal Advertisement(DatagramDriver<MainlineProtocol> driver, PeerWatch watch, Key160 infoHash, Announcement announcement, TimeSpan interval, CancellationToken closing)
    {
        _driver = driver;
        _watch = watch;
        _closing = closing;
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
    /// <exception cref="OperationCanceledException">Given up, by the caller or because the advertisement or its node was disposed.</exception>
    public async Task<int> WaitForFirstAsync(CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing, _withdrawing.Token);
        while (_driver.Run(_publication, static (_, publication, _) => publication.Rounds) == 0)
        {
            await _told.WaitAsync(any.Token).ConfigureAwait(false);
        }

        _told.Set();
        return LastStored;
    }

    /// <summary>Stops announcing. What was announced expires at the nodes that hold it.</summary>
    public async ValueTask DisposeAsync()
    {
        _driver.Run((protocol, _) =>
        {
            protocol.Withdraw(_publication);
            protocol.Resume();
        });
        _watch.Remove(this);
        await _withdrawing.CancelAsync().ConfigureAwait(false);
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
