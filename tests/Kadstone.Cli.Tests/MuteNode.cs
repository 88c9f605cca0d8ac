using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Kadstone.Cli.Tests;

/// <summary>A node that lets others join and then answers nothing they really want to know.</summary>
internal sealed class MuteNode : IAsyncDisposable
{
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Parse("127.77.120.1"), 0));
    private readonly Task _answering;

    internal MuteNode() => _answering = AnswerAsync();

    internal string Endpoint => _socket.Client.LocalEndPoint!.ToString()!;

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task AnswerAsync()
    {
        while (true)
        {
            UdpReceiveResult query = await _socket.ReceiveAsync();
            string text = Encoding.Latin1.GetString(query.Buffer);
            if (text.Contains("9:get_peers", StringComparison.Ordinal))
            {
                continue;
            }

            int t = text.LastIndexOf("1:t", StringComparison.Ordinal) + 3;
            int colon = text.IndexOf(':', t);
            string transaction = text.Substring(colon + 1, int.Parse(text[t..colon], System.Globalization.CultureInfo.InvariantCulture));
            string answer = $"d1:rd2:id20:mute mute mute mute 5:nodes0:e1:t{transaction.Length}:{transaction}1:y1:re";
            await _socket.SendAsync(Encoding.Latin1.GetBytes(answer), query.RemoteEndPoint);
        }
    }
}
