using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Reading and writing any message allocates nothing.</summary>
public sealed class Gen1AllocationTests
{
    private static readonly Gen1Contact[] Contacts =
        [.. Enumerable.Range(1, 20).Select(i => new Gen1Contact(new Key256((ulong)i, 2), UdpEndpoint.FromIPv4(0x08080800 + (uint)i, 6881)))];

    [Fact]
    public void Reading_every_packet_of_the_vectors_allocates_nothing()
    {
        byte[][] packets = Gen1Vectors.Corpus();
        Allocated(() =>
        {
            foreach (byte[] packet in packets)
            {
                Gen1Reader.TryRead(packet, out Gen1Message message, out _);
                foreach (Gen1Contact _ in message.Nodes)
                {
                }

                Gen1PeersRequest.TryRead(message.Value, out _, out _);
                Gen1PeersResponse.TryRead(message.Value, out Gen1PeersResponse response, out _);
                foreach (UdpEndpoint _ in response.Peers)
                {
                }
            }
        }).ShouldBe(0);
    }

    [Fact]
    public void Answering_allocates_nothing()
    {
        byte[] question = Gen1Vectors.Bytes("lookupPair/request");
        byte[] buffer = new byte[2048];
        byte[] peers = new byte[60];
        Allocated(() =>
        {
            Gen1Reader.TryRead(question, out Gen1Message message, out _);
            Span<byte> value = stackalloc byte[1024];
            Gen1Writer writer = new(buffer);
            writer.BeginResponse(message.Transaction);
            writer.Id(message.Target);
            writer.Nodes(Contacts);
            writer.Value(value[..Gen1PeersResponse.Write(value, peers, default)]);
            writer.ResponseToken("0123456789abcdef0123456789abcdef"u8);
        }).ShouldBe(0);
    }

    [Fact]
    public void Asking_allocates_nothing()
    {
        byte[] buffer = new byte[2048];
        Allocated(() =>
        {
            Span<byte> value = stackalloc byte[Gen1PeersRequest.MaxLength];
            Gen1PeersRequest request = new(Gen1PeersType.Announce, 4000, Contacts[0].Endpoint);
            Gen1Writer writer = new(buffer);
            writer.BeginRequest(7, "peers"u8);
            writer.Id(Contacts[0].Id);
            writer.Target(Contacts[1].Id);
            writer.RequestToken("0123456789abcdef0123456789abcdef"u8);
            writer.Value(value[..request.Write(value)]);

            Gen1Writer punch = new(buffer);
            punch.BeginRequest(8, "_ping"u8);
            punch.ForwardRequest(Contacts[0].Endpoint);
            punch.ForwardResponse(Contacts[1].Endpoint);
        }).ShouldBe(0);
    }

    private static long Allocated(Action action) => Allocations.Least(action, times: 20);
}
