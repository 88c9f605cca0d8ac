using System.Buffers.Binary;

namespace Kadstone.Ipfs.Tests;

/// <summary>Identities by number.</summary>
internal static class Peers
{
    public static PrivateKey Key(int number)
    {
        byte[] seed = new byte[32];
        BinaryPrimitives.WriteInt32BigEndian(seed, number);
        return PrivateKey.FromSeed(seed);
    }

    public static PeerId Id(int number) => Key(number).PeerId;

    public static Multiaddr Address(int number) => Multiaddr.Parse($"/ip4/10.{(number >> 16) & 255}.{(number >> 8) & 255}.{number & 255}/tcp/4001");

    public static PeerInfo Info(int number) => new(Id(number), [Address(number)]);

    public static Cid Content(int number) => Cid.OfRaw(BitConverter.GetBytes(number));
}
