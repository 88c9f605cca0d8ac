using Kadstone.Crypto;

namespace Kadstone.Hyperswarm;

/// <summary>What stands before the bytes of a signature or a hash, so that none made for one purpose serves another: 32 bytes each.</summary>
/// <remarks>npm hypercore-crypto, <c>namespace</c>: the hash of the hash of a name and a number. npm hyperdht 6 takes the number of the command.</remarks>
internal static class HyperNamespace
{
    /// <summary>32: the bytes of a namespace.</summary>
    public const int Length = 32;

    private static readonly byte[] s_peerHandshake = Dht(HyperCommand.PeerHandshake);
    private static readonly byte[] s_peerHolepunch = Dht(HyperCommand.PeerHolepunch);
    private static readonly byte[] s_announce = Dht(HyperCommand.Announce);
    private static readonly byte[] s_unannounce = Dht(HyperCommand.Unannounce);
    private static readonly byte[] s_mutablePut = Dht(HyperCommand.MutablePut);
    private static readonly byte[] s_plugin = Dht(HyperCommand.Plugin);
    private static readonly byte[] s_initiator = SecretStream(0);
    private static readonly byte[] s_responder = SecretStream(1);
    private static readonly byte[] s_send = SecretStream(2);

    /// <summary>Signs an ANNOUNCE.</summary>
    public static ReadOnlySpan<byte> Announce => s_announce;

    /// <summary>Signs an UNANNOUNCE.</summary>
    public static ReadOnlySpan<byte> Unannounce => s_unannounce;

    /// <summary>Signs a MUTABLE_PUT.</summary>
    public static ReadOnlySpan<byte> MutablePut => s_mutablePut;

    /// <summary>The prologue of the Noise handshake.</summary>
    public static ReadOnlySpan<byte> PeerHandshake => s_peerHandshake;

    /// <summary>Derives the secret of the hole punching messages.</summary>
    public static ReadOnlySpan<byte> PeerHolepunch => s_peerHolepunch;

    /// <summary>For the signatures of plugins.</summary>
    public static ReadOnlySpan<byte> Plugin => s_plugin;

    /// <summary>The secret stream's id, sent by the initiator.</summary>
    public static ReadOnlySpan<byte> StreamInitiator => s_initiator;

    /// <summary>The secret stream's id, sent by the responder.</summary>
    public static ReadOnlySpan<byte> StreamResponder => s_responder;

    /// <summary>The secret of a stream's unordered messages.</summary>
    public static ReadOnlySpan<byte> StreamSend => s_send;

    private static byte[] Dht(HyperCommand command) => Create("hyperswarm/dht"u8, (byte)command);

    private static byte[] SecretStream(byte id) => Create("hyperswarm/secret-stream"u8, id);

    private static byte[] Create(ReadOnlySpan<byte> name, byte id)
    {
        Span<byte> preimage = stackalloc byte[Length + 1];
        Blake2b.Hash(name, preimage[..Length]);
        preimage[Length] = id;
        byte[] digest = new byte[Length];
        Blake2b.Hash(preimage, digest);
        return digest;
    }
}
