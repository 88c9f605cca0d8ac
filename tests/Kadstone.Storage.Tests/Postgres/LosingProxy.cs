using System.Net;
using System.Net.Sockets;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>Carries connections to the server's socket, and on demand loses an answer on its way back.</summary>
internal sealed class LosingProxy : IAsyncDisposable
{
    private readonly string _socket;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _closing = new();
    private readonly List<Task> _connections = [];
    private readonly Task _loop;
    private int _lost;
    private byte[]? _toLose;

    public LosingProxy(string socket)
    {
        _socket = socket;
        _listener.Start();
        _loop = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Lost => Volatile.Read(ref _lost);

    /// <summary>Hangs up instead of passing on the next answer that holds this tag. The server sends it after its commit.</summary>
    public void LoseNext(ReadOnlySpan<byte> tag) => Volatile.Write(ref _toLose, tag.ToArray());

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Stop();
        await _loop;
        await Task.WhenAll(_connections);
        _closing.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _connections.Add(CarryAsync(await _listener.AcceptSocketAsync(_closing.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using Socket server = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            await server.ConnectAsync(new UnixDomainSocketEndPoint(_socket), _closing.Token);
            Task up = PumpAsync(client, server, _ => true);
            Task down = PumpAsync(server, client, bytes =>
            {
                if (Volatile.Read(ref _toLose) is byte[] tag && bytes.IndexOf(tag) >= 0)
                {
                    Volatile.Write(ref _toLose, null);
                    _ = Interlocked.Increment(ref _lost);
                    return false;
                }

                return true;
            });
            await Task.WhenAny(up, down);
            client.Close();
            server.Close();
            await Task.WhenAll(up, down);
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Func<ReadOnlySpan<byte>, bool> passes)
    {
        byte[] buffer = new byte[64 << 10];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _closing.Token)) > 0 && passes(buffer.AsSpan(0, count)))
            {
                await to.SendAsync(buffer.AsMemory(0, count), _closing.Token);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side hung up, or the test is over.
        }
    }
}
