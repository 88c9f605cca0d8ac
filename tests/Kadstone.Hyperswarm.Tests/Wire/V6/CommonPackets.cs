using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>The packets of which a node sees most: read, and written with 20 closer nodes and 20 peers.</summary>
internal sealed class CommonPackets
{
    private static readonly RpcContact Ours = RpcContact.FromEndpoint(HyperVectors.Endpoint("8.8.8.8:49737"));
    private static readonly RpcContact Theirs = RpcContact.FromEndpoint(HyperVectors.Endpoint("9.9.9.9:49737"));
    private static readonly RpcContact[] Closest = [.. Enumerable.Range(1, 20).Select(i => RpcContact.FromEndpoint(HyperVectors.Endpoint($"7.7.7.{i}:49737")))];

    private readonly byte[] _buffer = new byte[RpcReader.MaxDatagramLength];
    private readonly byte[] _token = new byte[32];
    private readonly byte[] _publicKey = new byte[32];
    private readonly byte[] _relay = [1, 2, 3, 4, 80, 0];

    public CommonPackets()
    {
        PingRequest = Taken(WritePing());
        FindNodeRequest = Taken(WriteFindNode());
        FindNodeResponse = Taken(WriteNodes());
        LookupResponse = Taken(WriteLookupAnswer());
        PingResponse = Taken(WritePong());
    }

    public byte[] PingRequest { get; }

    public byte[] PingResponse { get; }

    public byte[] FindNodeRequest { get; }

    public byte[] FindNodeResponse { get; }

    public byte[] LookupResponse { get; }

    public int WritePing()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 1, Theirs.Endpoint);
        writer.Id(Ours.Id);
        writer.Command(RpcInternalCommand.Ping);
        return writer.Length;
    }

    public int WritePong()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 1, Theirs.Endpoint);
        writer.Id(Ours.Id);
        return writer.Length;
    }

    public int WriteFindNode()
    {
        RpcWriter writer = RpcWriter.Request(_buffer, 1, Theirs.Endpoint);
        writer.Id(Ours.Id);
        writer.Command(RpcInternalCommand.FindNode);
        writer.Target(Theirs.Id);
        return writer.Length;
    }

    public int WriteNodes()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 1, Theirs.Endpoint);
        writer.Id(Ours.Id);
        writer.CloserNodes(Closest);
        return writer.Length;
    }

    public int WriteLookupAnswer()
    {
        RpcWriter writer = RpcWriter.Response(_buffer, 1, Theirs.Endpoint);
        writer.Id(Ours.Id);
        writer.Token(_token);
        writer.CloserNodes(Closest);
        ref CompactWriter value = ref writer.BeginValue();
        value.UInt(LookupAnswer.MaxPeers);
        for (int i = 0; i < LookupAnswer.MaxPeers; i++)
        {
            new HyperPeer(_publicKey, RpcEndpoints.FromPacked(_relay)).Write(ref value);
        }

        value.UInt(1_700_000_000_000);
        writer.EndValue();
        return writer.Length;
    }

    public static long Read(byte[] packet)
    {
        bool isRead = RpcReader.TryRead(packet, out RpcMessage message, out _);
        return isRead ? message.Transaction + (long)message.Target.Low : -1;
    }

    /// <summary>Reads the message, the value, and every peer.</summary>
    public static int ReadLookupAnswer(byte[] packet)
    {
        RpcReader.TryRead(packet, out RpcMessage message, out _);
        LookupAnswer.TryRead(message.Value, out LookupAnswer answer);
        int peers = 0;
        foreach (HyperPeer peer in answer.Peers)
        {
            peers += peer.RelayAddresses.Count;
        }

        return peers;
    }

    public static bool ReadSender(byte[] packet)
    {
        RpcReader.TryRead(packet, out RpcMessage message, out _);
        return message.TryGetContact(Ours.Endpoint, out _);
    }

    private byte[] Taken(int length) => _buffer.AsSpan(0, length).ToArray();
}
