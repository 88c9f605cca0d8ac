using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>An answer as it came off the wire.</summary>
/// <param name="Message">The whole dictionary.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="QueryLength">The bytes of the query that it answers.</param>
internal sealed record Answer(Bencoded Message, int Length, int QueryLength)
{
    public bool IsError => Message["y"].Text == "e";

    /// <summary>The code of an error; 0 for a response.</summary>
    public int Code => IsError ? (int)Message["e"].Items[0].Number : 0;

    public Bencoded Values => Message["r"];

    public double Amplification => (double)Length / QueryLength;

    public IReadOnlyList<IPEndPoint> Peers => [.. (Values.Find("values")?.Items ?? []).Select(value => Compact.Endpoint(value.Bytes))];

    /// <summary>Ids and endpoints of <c>nodes</c> (or of <c>nodes6</c>).</summary>
    public IReadOnlyList<(string Id, IPEndPoint Endpoint)> Nodes(bool ipv6 = false)
    {
        byte[] packed = Values[ipv6 ? "nodes6" : "nodes"].Bytes;
        int size = ipv6 ? 38 : 26;
        (packed.Length % size).ShouldBe(0);
        return [.. packed.Chunk(size).Select(node => (Convert.ToHexStringLower(node[..20]), Compact.Endpoint(node[20..])))];
    }
}

/// <summary>Addresses as KRPC packs them.</summary>
internal static class Compact
{
    public static byte[] Of(EndPoint endpoint)
    {
        IPEndPoint ip = (IPEndPoint)endpoint;
        byte[] address = ip.Address.GetAddressBytes();
        byte[] packed = [.. address, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(packed.AsSpan(address.Length), (ushort)ip.Port);
        return packed;
    }

    public static IPEndPoint Endpoint(byte[] packed) => new(new IPAddress(packed[..^2]), BinaryPrimitives.ReadUInt16BigEndian(packed.AsSpan(packed.Length - 2)));

    public static byte[] Node(byte[] id, EndPoint endpoint) => [.. id, .. Of(endpoint)];
}

/// <summary>Somebody in the network with a socket of its own, who knows KRPC and keeps to it or does not, as the test says.</summary>
internal sealed class Stranger : IAsyncDisposable
{
    public static readonly TimeSpan Guard = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<EndPoint, bool> s_used = new();
    private static int s_next;

    private readonly Socket _socket;
    private readonly ConcurrentDictionary<string, (TaskCompletionSource<Answer> Answered, int Length)> _asked = new();
    private readonly Task _reading;
    private long _received;
    private long _datagrams;

    public Stranger(string? address = null, byte[]? id = null)
    {
        IPAddress ip = IPAddress.Parse(address ?? FreshAddress());
        Id = id ?? RandomNumberGenerator.GetBytes(20);
        _socket = Bind(ip);
        Endpoint = (IPEndPoint)_socket.LocalEndPoint!;
        _reading = ReadAsync();
    }

    public byte[] Id { get; set; }

    public string HexId => Convert.ToHexStringLower(Id);

    public IPEndPoint Endpoint { get; }

    public byte[] Node => Compact.Node(Id, Endpoint);

    /// <summary>What is done with a query that comes in; by default it is answered as an honest node without any contacts would.</summary>
    public Func<Bencoded, IPEndPoint, byte[]?>? OnQuery { get; set; }

    /// <summary>Whether it says nothing to any query.</summary>
    public bool IsSilent { get; set; }

    /// <summary>The queries that came in.</summary>
    public ConcurrentQueue<Bencoded> Queries { get; } = new();

    /// <summary>Answers to nothing that was asked, or second answers.</summary>
    public ConcurrentQueue<byte[]> Unasked { get; } = new();

    public long BytesReceived => Interlocked.Read(ref _received);

    public long DatagramsReceived => Interlocked.Read(ref _datagrams);

    /// <summary>An address of loopback that no other stranger has, in a /24 of its own.</summary>
    public static string FreshAddress()
    {
        int n = Interlocked.Increment(ref s_next);
        return $"127.{100 + (n >> 8)}.{n & 255}.7";
    }

    public void Send(byte[] datagram, IPEndPoint to) => _socket.SendTo(datagram, to);

    /// <summary>A query as bytes.</summary>
    public byte[] Query(string method, object arguments, byte[] transaction, params (string Key, object Value)[] more) =>
        Bencoded.Dictionary([("a", arguments), ("q", method), ("t", transaction), ("y", "q"), .. more]);

    /// <summary>Asks with our id and these arguments. Null: no answer.</summary>
    public Task<Answer?> TryAskAsync(IPEndPoint to, string method, TimeSpan guard, params (string Key, object Value)[] arguments)
    {
        byte[] transaction = RandomNumberGenerator.GetBytes(4);
        return TrySendAsync(to, Query(method, WithId(arguments), transaction), transaction, guard);
    }

    public async Task<Answer> AskAsync(IPEndPoint to, string method, params (string Key, object Value)[] arguments) =>
        await TryAskAsync(to, method, Guard, arguments) ?? throw new TimeoutException($"{method} was not answered");

    public async Task<Answer> SendAsync(IPEndPoint to, byte[] query, byte[] transaction) =>
        await TrySendAsync(to, query, transaction, Guard) ?? throw new TimeoutException($"no answer to {System.Text.Encoding.Latin1.GetString(query)}");

    public async Task<Answer?> TrySendAsync(IPEndPoint to, byte[] query, byte[] transaction, TimeSpan guard)
    {
        TaskCompletionSource<Answer> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string key = Convert.ToHexString(transaction);
        _asked[key] = (answered, query.Length);
        Send(query, to);
        try
        {
            return await answered.Task.WaitAsync(guard);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            _asked.TryRemove(key, out _);
        }
    }

    /// <summary>Sends what deserves no answer, then a ping: the ping's answer is the only one.</summary>
    public async Task ShouldBeIgnoredAsync(IPEndPoint to, byte[] datagram, string what)
    {
        Unasked.Clear();
        Send(datagram, to);
        Answer pong = await AskAsync(to, "ping");
        pong.IsError.ShouldBeFalse();
        Unasked.ShouldBeEmpty(what);
    }

    /// <summary>Answers pings until the node takes us for proved: then its limits for strangers do not matter.</summary>
    public async Task<Stranger> ProveAsync(IPEndPoint to)
    {
        (await AskAsync(to, "ping")).IsError.ShouldBeFalse();
        await WaitForAsync("a ping back", () => !Queries.IsEmpty);
        return this;
    }

    public static async Task WaitForAsync(string what, Func<bool> isSo, TimeSpan? guard = null)
    {
        for (int i = 0; !isSo(); i++)
        {
            (i * 10 < (guard ?? Guard).TotalMilliseconds).ShouldBeTrue(what);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public (string Key, object Value)[] WithId((string Key, object Value)[] arguments) => [("id", Id), .. arguments];

    /// <summary>The answer of an honest node: to find_node, get_peers and get an empty list, else only its id.</summary>
    public byte[] HonestAnswer(Bencoded query, IPEndPoint from, params (string Key, object Value)[] more)
    {
        bool hasNodes = query["q"].Text is not "ping" and not "announce_peer" and not "put";
        (string Key, object Value)[] values = [("id", Id), .. hasNodes && !more.Any(entry => entry.Key == "nodes") ? [("nodes", Array.Empty<byte>())] : Array.Empty<(string, object)>(), .. more];
        return Bencoded.Dictionary(("ip", Compact.Of(from)), ("r", values), ("t", query["t"].Bytes), ("y", "r"));
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // The node remembers endpoints for minutes: nobody gets one that somebody had before.
    private static Socket Bind(IPAddress address)
    {
        while (true)
        {
            Socket socket = new(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 1 << 20, SendBufferSize = 1 << 20 };
            socket.Bind(new IPEndPoint(address, 0));
            if (s_used.TryAdd(socket.LocalEndPoint!, true))
            {
                return socket;
            }

            socket.Dispose();
        }
    }

    private async Task ReadAsync()
    {
        byte[] buffer = new byte[65_536];
        EndPoint any = new IPEndPoint(_socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (true)
        {
            SocketReceiveFromResult got;
            try
            {
                got = await _socket.ReceiveFromAsync(buffer, any);
            }
            catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
            {
                // The node is between two lives.
                continue;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            Interlocked.Add(ref _received, got.ReceivedBytes);
            Interlocked.Increment(ref _datagrams);
            byte[] datagram = buffer[..got.ReceivedBytes];
            try
            {
                Take(datagram, (IPEndPoint)got.RemoteEndPoint);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // What is not canonical fails the test that looks at what was unasked.
                Unasked.Enqueue(datagram);
            }
        }
    }

    private void Take(byte[] datagram, IPEndPoint from)
    {
        Bencoded message = Bencoded.Read(datagram);
        if (message["y"].Text == "q")
        {
            Queries.Enqueue(message);
            byte[]? answer = IsSilent ? null : OnQuery is null ? HonestAnswer(message, from) : OnQuery(message, from);
            if (answer is not null)
            {
                Send(answer, from);
            }
        }
        else if (_asked.TryRemove(Convert.ToHexString(message["t"].Bytes), out (TaskCompletionSource<Answer> Answered, int Length) asked))
        {
            asked.Answered.SetResult(new Answer(message, datagram.Length, asked.Length));
        }
        else
        {
            Unasked.Enqueue(datagram);
        }
    }
}
