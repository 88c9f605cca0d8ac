using System.Net;
using System.Security.Cryptography;
using Kadstone.Kademlia;

namespace Kadstone.Ipfs.Core;

/// <summary>A peer as the engine sees it. Two are the same node when their ids are equal.</summary>
internal readonly struct PeerContact : IContact<PeerContact, Key256>
{
    // go-libp2p-kbucket, "peerdiversity": networks that one owner holds whole. All other /8s are shared out, the clouds' among them.
    private static ReadOnlySpan<byte> ClassA => [12, 17, 19, 38, 48, 53, 56, 73];

    private PeerContact(PeerId id, Key256 key, IReadOnlyList<Multiaddr> addresses, ulong host, ulong prefix)
    {
        Id = id;
        Key = key;
        Addresses = addresses;
        Host = host;
        Prefix = prefix;
    }

    public PeerId Id { get; }

    public Key256 Key { get; }

    public IReadOnlyList<Multiaddr> Addresses { get; }

    /// <inheritdoc/>
    public ulong Host { get; }

    /// <summary>The group of the first public address: an IPv4 /16, of eight old class A networks the /8, an IPv6 /32. Others stand alone.</summary>
    /// <remarks>Peers of one site share their network for no bad reason; peers of the public one that do may be one attacker's.</remarks>
    public ulong Prefix { get; }

    /// <summary>The hosts of its public addresses, each once.</summary>
    public IEnumerable<ulong> PublicHosts => Addresses.Select(address => TryGetHost(address, out ulong host) ? host : (ulong?)null).OfType<ulong>().Distinct();

    public PeerInfo Info => new(Id, Addresses);

    public static PeerContact From(PeerId id, IReadOnlyList<Multiaddr> addresses)
    {
        Key256 key = KeyOf(id.Bytes.Span);
        ulong alone = (ulong)key.Low | (1UL << 63);
        foreach (Multiaddr address in addresses)
        {
            if (address.TryGetTcpEndpoint(out IPEndPoint? endpoint) && AddressPolicy.Public.Allows(endpoint))
            {
                (ulong host, ulong prefix) = Groups(endpoint.Address);
                return new PeerContact(id, key, addresses, host, prefix);
            }
        }

        return new PeerContact(id, key, addresses, alone, alone);
    }

    public static Key256 KeyOf(ReadOnlySpan<byte> preimage)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(preimage, hash);
        return Key256.Read(hash);
    }

    /// <summary>A number for the host of a public address, the same for all addresses there; false for any other address.</summary>
    public static bool TryGetHost(Multiaddr address, out ulong host)
    {
        bool isPublic = address.TryGetTcpEndpoint(out IPEndPoint? endpoint) && AddressPolicy.Public.Allows(endpoint);
        host = isPublic && endpoint is not null ? Groups(endpoint.Address).Host : 0;
        return isPublic;
    }

    public bool Equals(PeerContact other) => Id == other.Id;

    public override bool Equals(object? obj) => obj is PeerContact other && Equals(other);

    public override int GetHashCode() => Id.GetHashCode();

    private static (ulong Host, ulong Prefix) Groups(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out int length);
        if (length == 4)
        {
            ulong host = ((ulong)bytes[0] << 24) | ((ulong)bytes[1] << 16) | ((ulong)bytes[2] << 8) | bytes[3];
            return (host, ClassA.Contains(bytes[0]) ? host >> 24 : host >> 16);
        }

        ulong network = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes);
        const ulong IsIPv6 = 1UL << 62;
        return ((network & ~(3UL << 62)) | IsIPv6, (network >> 32) | IsIPv6);
    }
}
