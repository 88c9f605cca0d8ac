using System.Net;
using System.Security.Cryptography;
using Kadstone.Interop.Tests.Hostile;

namespace Kadstone.Cli.Tests.Stores;

/// <summary>A stranger on Mainline who puts value after value into one node, and remembers what the node acknowledged.</summary>
internal sealed class Depositor(string address) : IAsyncDisposable
{
    private readonly Stranger _stranger = new(address);
    private int _puts;

    /// <summary>The values that were acknowledged.</summary>
    public List<byte[]> Acknowledged { get; } = [];

    public Task MeetAsync(IPEndPoint node) => _stranger.ProveAsync(node);

    /// <summary>Whether the node answered; when it refused, that is an answer too.</summary>
    public async Task<bool> TryPutAsync(IPEndPoint node, TimeSpan guard)
    {
        byte[] value = Bencoded.Of($"{address} {_puts++} {new string('x', 500)}");
        if (await _stranger.TryAskAsync(node, "get_peers", guard, ("info_hash", SHA1.HashData(value))) is not Answer answer ||
            await _stranger.TryAskAsync(node, "put", guard, ("token", answer.Values["token"].Bytes), ("v", new Raw(value))) is not Answer put)
        {
            return false;
        }

        if (put.Code == 0)
        {
            Acknowledged.Add(value);
        }

        return true;
    }

    /// <summary>An announcement that only this node is told.</summary>
    public async Task AnnounceAsync(IPEndPoint node, byte[] infoHash, int port)
    {
        byte[] token = (await _stranger.AskAsync(node, "get_peers", ("info_hash", infoHash))).Values["token"].Bytes;
        (await _stranger.AskAsync(node, "announce_peer", ("info_hash", infoHash), ("port", (long)port), ("token", token))).Code.ShouldBe(0);
    }

    public async Task<IReadOnlyList<IPEndPoint>> PeersAsync(IPEndPoint node, byte[] infoHash) => (await _stranger.AskAsync(node, "get_peers", ("info_hash", infoHash))).Peers;

    /// <summary>What the node says of a value by itself.</summary>
    public async Task ShouldFindAsync(IPEndPoint node, byte[] value) =>
        (await _stranger.AskAsync(node, "get", ("target", SHA1.HashData(value)))).Values["v"].Encoding.ShouldBe(value);

    public ValueTask DisposeAsync() => _stranger.DisposeAsync();
}
