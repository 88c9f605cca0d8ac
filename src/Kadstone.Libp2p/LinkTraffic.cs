namespace Kadstone.Libp2p;

/// <summary>The bytes of all connections of a host, those that are closed included.</summary>
internal sealed class LinkTraffic
{
    private long _received;
    private long _sent;

    public long Received => Interlocked.Read(ref _received);

    public long Sent => Interlocked.Read(ref _sent);

    public void CountReceived(int bytes) => Interlocked.Add(ref _received, bytes);

    public void CountSent(int bytes) => Interlocked.Add(ref _sent, bytes);
}
