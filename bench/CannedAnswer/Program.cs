// The limit of .NET on this machine: the same server as load/canned_answer.c, by the system calls that our transport uses.
//   dotnet CannedAnswer.dll PORT
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

if (args is not [string word] || !ushort.TryParse(word, out ushort port))
{
    Console.Error.WriteLine("usage: CannedAnswer PORT");
    return 2;
}
using Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = 8 << 20, SendBufferSize = 8 << 20 };
udp.Bind(new IPEndPoint(IPAddress.Loopback, port));
Console.WriteLine($"listening on 127.0.0.1:{port}\nready");
CannedAnswer.Serve((int)udp.Handle);
return 0;

internal static unsafe partial class CannedAnswer
{
    private const int Batch = 64, Size = 2048, NameSize = 16, LongestPing = 80, AfterTransaction = 7, Transaction = 4;
    private const int WaitForOne = 0x10000;

    private static readonly byte[] Pong = MakeAnswer(0);
    private static readonly byte[] Nodes = MakeAnswer(8);

    public static void Serve(int udp)
    {
        byte* received = Allocate<byte>(Batch * Size);
        byte* sent = Allocate<byte>(Batch * Size);
        byte* from = Allocate<byte>(Batch * NameSize);
        Part* inParts = Allocate<Part>(Batch);
        Part* outParts = Allocate<Part>(Batch);
        Message* incoming = Allocate<Message>(Batch);
        Message* outgoing = Allocate<Message>(Batch);
        for (int i = 0; i < Batch; i++)
        {
            inParts[i] = new Part { Bytes = received + (i * Size), Length = Size };
            outParts[i] = new Part { Bytes = sent + (i * Size) };
            incoming[i] = new Message { Name = from + (i * NameSize), Parts = inParts + i, PartCount = 1 };
            outgoing[i] = new Message { Name = from + (i * NameSize), NameLength = NameSize, Parts = outParts + i, PartCount = 1 };
        }
        while (true)
        {
            for (int i = 0; i < Batch; i++)
            {
                incoming[i].NameLength = NameSize;
            }
            int queries = ReceiveBatch(udp, incoming, Batch, WaitForOne, null);
            for (int i = 0; i < queries; i++)
            {
                outParts[i].Length = (nuint)WriteAnswer(new(received + (i * Size), (int)incoming[i].Length), new(sent + (i * Size), Size));
            }
            for (int done = 0; done < queries;)
            {
                int now = SendBatch(udp, outgoing + done, (uint)(queries - done), 0);
                if (now <= 0)
                {
                    break;
                }
                done += now;
            }
        }
    }

    private static int WriteAnswer(ReadOnlySpan<byte> query, Span<byte> answer)
    {
        byte[] canned = query.Length <= LongestPing ? Pong : Nodes;
        canned.CopyTo(answer);
        if (query.Length > AfterTransaction + Transaction)
        {
            query.Slice(query.Length - AfterTransaction - Transaction, Transaction).CopyTo(answer[(canned.Length - AfterTransaction - Transaction)..]);
        }
        return canned.Length;
    }

    private static byte[] MakeAnswer(int contacts)
    {
        List<byte> answer = [.. "d1:rd2:id20:kadstone-bench-node-"u8];
        if (contacts > 0)
        {
            answer.AddRange(System.Text.Encoding.ASCII.GetBytes($"5:nodes{contacts * 26}:"));
        }
        for (int i = 0; i < contacts; i++)
        {
            answer.AddRange(Enumerable.Repeat((byte)('a' + i), 20));
            answer.AddRange([127, 16, 0, (byte)(i + 1), 6881 >> 8, 6881 & 255]);
        }
        answer.AddRange("e1:t4:....1:y1:re"u8);
        return [.. answer];
    }

    private static T* Allocate<T>(int count) where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));

    // struct iovec
    private struct Part
    {
        public byte* Bytes;
        public nuint Length;
    }

    // struct mmsghdr: a msghdr, padded to 56 bytes, and the number of bytes that came or went; some fields only the kernel writes
#pragma warning disable CS0649
    private struct Message
    {
        public byte* Name;
        public uint NameLength;
        public Part* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public long Flags;
        public uint Length;
    }
#pragma warning restore CS0649

    [LibraryImport("libc", EntryPoint = "recvmmsg")]
    private static partial int ReceiveBatch(int udp, Message* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", EntryPoint = "sendmmsg")]
    private static partial int SendBatch(int udp, Message* messages, uint count, int flags);
}
