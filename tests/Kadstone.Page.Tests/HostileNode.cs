using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Kadstone.Page.Tests;

/// <summary>A Mainline node on a bare socket whose every answer carries a payload: its version, its errors, the values that it gives.</summary>
internal sealed class HostileNode : IAsyncDisposable
{
    private static readonly byte[] s_id = Encoding.ASCII.GetBytes("<script>mark()</scri");

    private readonly UdpClient _socket;
    private readonly Task _answering;
    private int _answers;

    internal HostileNode(string address)
    {
        _socket = new UdpClient(new IPEndPoint(IPAddress.Parse(address), 0));
        _answering = AnswerAsync();
    }

    internal string Endpoint => _socket.Client.LocalEndPoint!.ToString()!;

    /// <summary>How many answers, each with the next payload, it has given.</summary>
    internal int Answers => Volatile.Read(ref _answers);

    /// <summary>The value that it gives to whoever asks for one.</summary>
    internal string Value { get; set; } = "";

    /// <summary>The key of <see cref="Value"/> (BEP 44): the hash of its bencoded form.</summary>
    internal string Key
    {
        get
        {
            MemoryStream value = new();
            WriteText(value, Value);
#pragma warning disable CA5350 // BEP 44 has it so.
            return Convert.ToHexStringLower(SHA1.HashData(value.ToArray()));
#pragma warning restore CA5350
        }
    }

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
            int t = text.LastIndexOf("1:t", StringComparison.Ordinal) + 3;
            if (t < 3 || !text.EndsWith("1:y1:qe", StringComparison.Ordinal))
            {
                continue;
            }

            int colon = text.IndexOf(':', t);
            byte[] transaction = query.Buffer[(colon + 1)..(colon + 1 + int.Parse(text[t..colon], System.Globalization.CultureInfo.InvariantCulture))];
            await _socket.SendAsync(Answer(text, transaction), query.RemoteEndPoint);
        }
    }

    private byte[] Answer(string query, byte[] transaction)
    {
        string payload = HostilePayloads.All[Interlocked.Increment(ref _answers) % HostilePayloads.Count];
        bool isWrite = query.Contains("1:q13:announce_peer", StringComparison.Ordinal) || query.Contains("1:q3:put", StringComparison.Ordinal);
        MemoryStream answer = new();
        Write(answer, "d");
        if (isWrite)
        {
            Write(answer, "1:eli203e");
            WriteText(answer, payload);
            Write(answer, "e");
        }
        else
        {
            Write(answer, "1:rd2:id20:");
            answer.Write(s_id);
            Write(answer, "5:nodes0:5:token2:<b");
            if (query.Contains("1:q3:get", StringComparison.Ordinal))
            {
                Write(answer, "1:v");
                WriteText(answer, Value);
            }

            Write(answer, "e");
        }

        Write(answer, $"1:t{transaction.Length}:");
        answer.Write(transaction);
        Write(answer, "1:v");
        WriteText(answer, payload);
        Write(answer, isWrite ? "1:y1:ee" : "1:y1:re");
        return answer.ToArray();
    }

    private static void Write(MemoryStream stream, string text) => stream.Write(Encoding.Latin1.GetBytes(text));

    private static void WriteText(MemoryStream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Write(stream, $"{bytes.Length}:");
        stream.Write(bytes);
    }
}
