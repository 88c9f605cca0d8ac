using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>A node of the first generation.</summary>
public sealed class Gen1ContactTests
{
    private static readonly UdpEndpoint Endpoint = UdpEndpoint.FromIPv4(0x0A000001, 6000);

    [Fact]
    public void One_endpoint_is_one_node_whatever_it_calls_itself()
    {
        Gen1Contact one = new(new Key256(1, 1), Endpoint);
        Gen1Contact other = new(new Key256(2, 2), Endpoint);
        one.ShouldBe(other);
        one.GetHashCode().ShouldBe(other.GetHashCode());
        one.ShouldNotBe(new Gen1Contact(one.Id, Endpoint.WithPort(6001)));
        (one.Key, one.Host, one.Prefix).ShouldBe((new Key256(1, 1), Endpoint.Host, Endpoint.Prefix));
    }

    [Fact]
    public void An_entry_is_an_id_an_address_and_a_port_in_network_byte_order()
    {
        byte[] entry = new byte[Gen1Contact.CompactLength];
        Gen1Contact contact = new(new Key256(1, 2), Endpoint);
        contact.Write(entry).ShouldBe(38);
        Convert.ToHexStringLower(entry.AsSpan(32)).ShouldBe("0a0000011770");
        Gen1Contact.TryRead(entry, out Gen1Contact read).ShouldBeTrue();
        (read.Id, read.Endpoint).ShouldBe((contact.Id, contact.Endpoint));
    }

    [Fact]
    public void Neither_another_length_nor_port_0_is_an_entry()
    {
        byte[] entry = new byte[64];
        entry.AsSpan().Fill(1);
        for (int length = 0; length <= entry.Length; length++)
        {
            Gen1Contact.TryRead(entry.AsSpan(0, length), out _).ShouldBe(length == 38);
        }

        entry[36] = entry[37] = 0;
        Gen1Contact.TryRead(entry.AsSpan(0, 38), out _).ShouldBeFalse();
    }

    [Fact]
    public void An_entry_of_IPv6_cannot_be_written()
    {
        Should.Throw<ArgumentException>(() => new Gen1Contact(default, UdpEndpoint.FromIPv6(1, 2, 3)).Write(new byte[64]));
        Should.Throw<ArgumentException>(() => new Gen1Contact(default, Endpoint).Write(new byte[37]));
    }
}
