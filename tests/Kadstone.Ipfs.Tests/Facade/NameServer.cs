using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>A DNS server on loopback that knows texts, and counts what it is asked.</summary>
internal sealed class NameServer : IAsyncDisposable
{
    private readonly Dictionary<string, string[]> _texts;
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly Task _serving;

    public NameServer(Dictionary<string, string[]> texts)
    {
        _texts = texts;
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _serving = Task.Run(ServeAsync);
    }

    public IPEndPoint Address => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>How many questions came.</summary>
    public int Asked { get; private set; }

    /// <summary>The bytes of an answer to a question.</summary>
    public static byte[] Answer(ReadOnlySpan<byte> question, string[]? texts)
    {
        int asked = question.Length - 11;
        List<byte> answer = [.. question[..2], 0x81, (byte)(texts is null ? 0x83 : 0x80), 0, 1, 0, (byte)(texts?.Length ?? 0), 0, 0, 0, 0, .. question[12..asked]];
        foreach (string text in texts ?? [])
        {
            byte[][] pieces = [.. Encoding.UTF8.GetBytes(text).Chunk(100).Select(chunk => (byte[])[(byte)chunk.Length, .. chunk])];
            byte[] length = new byte[2];
            BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)pieces.Sum(piece => piece.Length));
            answer.AddRange([0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 60, .. length, .. pieces.SelectMany(piece => piece)]);
        }

        return [.. answer];
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ServeAsync()
    {
        byte[] buffer = new byte[512];
        while (true)
        {
            SocketReceiveFromResult received = await _socket.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
            byte[] question = buffer[..received.ReceivedBytes];
            Asked++;
            List<string> labels = [];
            for (int at = 12; question[at] > 0; at += question[at] + 1)
            {
                labels.Add(Encoding.ASCII.GetString(question, at + 1, question[at]));
            }

            // What another one says first must not count.
            byte[] foreign = Answer(question, ["dnsaddr=/ip4/127.0.0.1/tcp/1"]);
            foreign[0] ^= 0xFF;
            await _socket.SendToAsync(foreign, received.RemoteEndPoint);
            await _socket.SendToAsync(Answer(question, _texts.GetValueOrDefault(string.Join('.', labels))), received.RemoteEndPoint);
        }
    }
}
