using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>One KRPC message, read: numbers and keys by value, byte strings as spans into the datagram.</summary>
/// <remarks>
/// BEP 5, 32, 33, 42, 43, 44, 51. What is absent or of a wrong type is empty or false. Valid as long as the datagram.
/// The order of the properties is that of the sections of a message: envelope, arguments and return values, error.
/// </remarks>
internal ref struct KrpcMessage
{
    /// <summary>What it is.</summary>
    public KrpcKind Kind { get; set; }

    /// <summary>What a query asks for.</summary>
    public KrpcMethod Method { get; set; }

    /// <summary>What deserves error 203 in a query.</summary>
    public KrpcFault Fault { get; set; }

    /// <summary>The <c>q</c> of a query as sent; arbitrary bytes.</summary>
    public ReadOnlySpan<byte> MethodName { get; set; }

    /// <summary>The <c>t</c> to echo: 0 to 32 bytes.</summary>
    public ReadOnlySpan<byte> Transaction { get; set; }

    /// <summary>The <c>v</c> of the sender's client.</summary>
    public ReadOnlySpan<byte> Version { get; set; }

    /// <summary>Whether the sender does not answer queries (BEP 43): <c>ro</c> other than 0.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Our endpoint as the responder saw it (BEP 42): 6 or 18 bytes, or empty.</summary>
    public ReadOnlySpan<byte> ExternalAddress { get; set; }

    /// <summary>Whether there is an <see cref="Id"/>: always in a response and in a query without a fault.</summary>
    public bool HasId { get; set; }

    /// <summary>The sender's node id.</summary>
    public Key160 Id { get; set; }

    /// <summary>Whether there is a <see cref="Target"/>: always in a query without a fault whose method has one.</summary>
    public bool HasTarget { get; set; }

    /// <summary>The <c>target</c>, or <c>info_hash</c> of get_peers and announce_peer; of an unknown method the first that is there.</summary>
    public Key160 Target { get; set; }

    /// <summary>Whether <c>want</c> names a family we know (BEP 32). If not, the family of the packet counts.</summary>
    public readonly bool HasWant => WantsIPv4 || WantsIPv6;

    /// <summary>Whether <c>want</c> holds n4.</summary>
    public bool WantsIPv4 { get; set; }

    /// <summary>Whether <c>want</c> holds n6.</summary>
    public bool WantsIPv6 { get; set; }

    /// <summary>Whether peers that are no seeds are preferred (BEP 33).</summary>
    public bool NoSeed { get; set; }

    /// <summary>Whether the Bloom filters are asked for (BEP 33).</summary>
    public bool Scrape { get; set; }

    /// <summary>Whether the announced peer is a seed (BEP 33).</summary>
    public bool IsSeed { get; set; }

    /// <summary>Whether the source port of the packet is announced instead of <see cref="Port"/>.</summary>
    public bool ImpliedPort { get; set; }

    /// <summary>The announced port, 1 to 65535; -1 when absent or out of range.</summary>
    public int Port { get; set; }

    /// <summary>Whether there is a <see cref="Token"/>.</summary>
    public readonly bool HasToken => !Token.IsEmpty;

    /// <summary>The write token: 1 to <see cref="KrpcReader.MaxTokenLength"/> bytes.</summary>
    public ReadOnlySpan<byte> Token { get; set; }

    /// <summary>Whether there is a <see cref="Value"/>.</summary>
    public readonly bool HasValue => !Value.IsEmpty;

    /// <summary>The bencoded <c>v</c> of BEP 44, byte for byte. Canonical in a put without a fault, in any form elsewhere.</summary>
    public ReadOnlySpan<byte> Value { get; set; }

    /// <summary>The <c>k</c> of BEP 44: 32 bytes, or empty.</summary>
    public ReadOnlySpan<byte> PublicKey { get; set; }

    /// <summary>The <c>sig</c> of BEP 44: 64 bytes, or empty.</summary>
    public ReadOnlySpan<byte> Signature { get; set; }

    /// <summary>The <c>salt</c> of BEP 44, of any length: above 64 bytes it deserves error 207.</summary>
    public ReadOnlySpan<byte> Salt { get; set; }

    /// <summary>Whether there is a <see cref="Sequence"/>.</summary>
    public bool HasSequence { get; set; }

    /// <summary>The <c>seq</c> of BEP 44. Never negative in a put without a fault and in a response; a get may ask with a negative one.</summary>
    public long Sequence { get; set; }

    /// <summary>Whether there is a <see cref="Cas"/>.</summary>
    public bool HasCas { get; set; }

    /// <summary>The sequence number that a put expects to replace.</summary>
    public long Cas { get; set; }

    /// <summary>Compact contacts of 26 bytes; an incomplete last one is cut.</summary>
    public ReadOnlySpan<byte> Nodes { get; set; }

    /// <summary>Compact contacts of 38 bytes (BEP 32); an incomplete last one is cut.</summary>
    public ReadOnlySpan<byte> Nodes6 { get; set; }

    /// <summary>The peers of a get_peers response.</summary>
    public PeerValues Values { get; set; }

    /// <summary>The Bloom filter of seeds (BEP 33): 256 bytes, or empty. Both filters are there or none.</summary>
    public ReadOnlySpan<byte> SeedFilter { get; set; }

    /// <summary>The Bloom filter of the other peers (BEP 33): 256 bytes, or empty.</summary>
    public ReadOnlySpan<byte> PeerFilter { get; set; }

    /// <summary>Whether there is an <see cref="Interval"/>.</summary>
    public bool HasInterval { get; set; }

    /// <summary>Seconds until the samples change (BEP 51), brought into 0 to 21600.</summary>
    public int Interval { get; set; }

    /// <summary>Whether there is a <see cref="Num"/>.</summary>
    public bool HasNum { get; set; }

    /// <summary>How many infohashes the responder stores (BEP 51), not below 0.</summary>
    public long Num { get; set; }

    /// <summary>Infohashes of 20 bytes each (BEP 51); an incomplete last one is cut.</summary>
    public ReadOnlySpan<byte> Samples { get; set; }

    /// <summary>The code of an error, brought into 0 to <see cref="int.MaxValue"/>.</summary>
    public int ErrorCode { get; set; }

    /// <summary>The text of an error, cut to <see cref="KrpcReader.MaxErrorTextLength"/>; arbitrary bytes.</summary>
    public ReadOnlySpan<byte> ErrorText { get; set; }
}
