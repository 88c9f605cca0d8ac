using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>A node that answers what a test tells it to: bytes by hand, one letter a byte.</summary>
internal sealed class StubNode : IAsyncDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly CancellationTokenSource _closing = new();
    private readonly Channel<StubQuery> _queries = Channel.CreateUnbounded<StubQuery>();
    private readonly Func<StubQuery, string?> _answer;
    private readonly Task _loop;

    /// <param name="number">It listens on 127.77.number.1.</param>
    /// <param name="answer">The rest of the <c>r</c> dictionary after the id; <c>!203</c> for an error; null for silence.</param>
    /// <param name="id">Its node id; null: any.</param>
    public StubNode(int number, Func<StubQuery, string?> answer, Key160? id = null)
    {
        _answer = answer;
        Id = id ?? Devnet.RandomKey();
        _socket.Bind(new IPEndPoint(Devnet.AddressOf(number), 0));
        _loop = LoopAsync();
    }

    public Key160 Id { get; }

    public UdpEndpoint Endpoint => UdpEndpoint.From((IPEndPoint)_socket.LocalEndPoint!);

    /// <summary>All that it was asked, also what it did not answer.</summary>
    public ChannelReader<StubQuery> Queries => _queries.Reader;

    /// <summary>Contacts in the form of BEP 5's <c>nodes</c>, as an entry of the dictionary.</summary>
    public static string Nodes(params StubNode[] nodes)
    {
        byte[] packed = new byte[26 * nodes.Length];
        for (int i = 0; i < nodes.Length; i++)
        {
            new NodeContact(nodes[i].Id, nodes[i].Endpoint).Write(packed.AsSpan(26 * i));
        }

        return $"5:nodes{packed.Length}:{Encoding.Latin1.GetString(packed)}";
    }

    public async Task<StubQuery> NextAsync(string method)
    {
        while (true)
        {
            StubQuery query = await _queries.Reader.ReadAsync(Devnet.Guard());
            if (query.Method == method)
            {
                return query;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _closing.Dispose();
    }

    private async Task LoopAsync()
    {
        byte[] buffer = new byte[65_536];
        EndPoint any = new IPEndPoint(IPAddress.Any, 0);
        while (true)
        {
            SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, any, _closing.Token);
            string text = Encoding.Latin1.GetString(buffer, 0, received.ReceivedBytes);
            int transaction = text.LastIndexOf("1:t4:", StringComparison.Ordinal);
            int method = transaction < 0 ? -1 : text.LastIndexOf("1:q", transaction, StringComparison.Ordinal);
            if (method < 0)
            {
                continue;
            }

            int colon = text.IndexOf(':', method + 3);
            StubQuery query = new(text.Substring(colon + 1, int.Parse(text[(method + 3)..colon])), text);
            _queries.Writer.TryWrite(query);
            string echo = text.Substring(transaction, 9);
            string? rest = _answer(query);
            if (rest is null)
            {
                continue;
            }

            string answer = rest.StartsWith('!')
                ? $"d1:eli{rest[1..]}e4:stube{echo}1:y1:ee"
                : $"d1:rd2:id20:{Encoding.Latin1.GetString(Id.ToByteArray())}{rest}e{echo}1:y1:re";
            await _socket.SendToAsync(Encoding.Latin1.GetBytes(answer), received.RemoteEndPoint, _closing.Token);
        }
    }
}

/// <summary>What a stub was asked.</summary>
/// <param name="Method">ping, find_node ...</param>
/// <param name="Text">The datagram, one letter a byte.</param>
internal sealed record StubQuery(string Method, string Text);
