using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Wire;

/// <summary>Reading and writing any message allocates nothing.</summary>
public sealed class AllocationTests
{
    private static readonly Key160 Id = Key160.Read("mnopqrstuvwxyz123456"u8);
    private static readonly UdpEndpoint Requester = UdpEndpoint.FromIPv4(0xCB007109, 5001);
    private static readonly NodeContact[] Contacts =
        [.. Enumerable.Range(1, 8).Select(i => new NodeContact(new Key160((ulong)i, 2, 3), UdpEndpoint.FromIPv4(0x08080800 + (uint)i, 6881)))];

    [Fact]
    public void Reading_every_packet_of_the_vectors_allocates_nothing()
    {
        byte[][] packets = WireVectors.Corpus();
        Allocated(() =>
        {
            foreach (byte[] packet in packets)
            {
                if (KrpcReader.TryRead(packet, out KrpcMessage message, out _))
                {
                    foreach (UdpEndpoint _ in message.Values)
                    {
                    }
                }
            }
        }).ShouldBe(0);
    }

    [Fact]
    public void Writing_every_kind_of_message_allocates_nothing()
    {
        byte[] buffer = new byte[2048];
        Allocated(() =>
        {
            KrpcWriter query = new(buffer);
            query.BeginQuery(Id, 41);
            query.Key("9:info_hash"u8, Id);
            query.Integer("3:seq"u8, long.MaxValue);
            query.Bytes("5:token"u8, "aoeusnth"u8);
            query.Raw("1:v"u8, "12:Hello World!"u8);
            query.EndQuery("put"u8, true, "aa"u8, "KS01"u8);

            KrpcWriter response = new(buffer);
            response.BeginResponse(Id, Requester);
            response.Nodes(Contacts, ipv4: true);
            response.Nodes(Contacts, ipv4: false);
            response.Values("axje.uidhtnm"u8, 6);
            response.EndResponse("aa"u8, "KS01"u8);

            KrpcWriter.WriteError(buffer, Requester, 203, KrpcFault.BadToken.Text(), "aa"u8, "KS01"u8);
        }).ShouldBe(0);
    }

    [Fact]
    public void Checking_items_and_ids_allocates_nothing()
    {
        byte[] buffer = new byte[ItemSignature.MaxSignedLength];
        byte[] value = Encoding.ASCII.GetBytes("d1:ali1ei2eed1:b2:xyee");
        byte[] key = new byte[32];
        byte[] salt = new byte[64];
        Random chance = new(1);
        Allocated(() =>
        {
            Bencode.IsCanonical(value);
            ItemSignature.Write(buffer, salt, 42, value);
            ItemTarget.Immutable(value);
            ItemTarget.Mutable(key, salt);
            SecureNodeId.IsValid(SecureNodeId.Create(Requester, chance), Requester);
            InfoHashPointer.Write(buffer, Id);
            InfoHashPointer.TryRead(value, out _);
        }).ShouldBe(0);
    }

    private static long Allocated(Action action) => Allocations.Least(action, times: 20);
}
