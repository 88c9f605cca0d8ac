using System.Buffers.Binary;
using System.Security.Cryptography;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Issues and checks the tokens by which a requester proves that it receives at its address. Keeps no state per token.</summary>
/// <remarks>
/// npm dht-rpc 6, lib/io.js: a secret issues for ten ticks of 750 ms and is accepted for ten more, so that a token lives 7.5 to 15 s.
/// A token means nothing to its holder. There it is BLAKE2b of the host, and the next secret the hash of an old one. Here it is four times
/// SipHash-2-4, since every answer to a lookup carries one, and secrets are drawn afresh, so that one that leaks opens no later ones.
/// </remarks>
internal sealed class RpcTokens
{
    /// <summary>7.5 s: how long a secret issues.</summary>
    public static readonly TimeSpan Rotation = TimeSpan.FromMilliseconds(10 * 750);

    private const int LaneLength = sizeof(ulong);

    private readonly Random _chance;
    private readonly TimeSpan _rotation;
    private readonly byte[] _current = new byte[SipHash.KeyLength];
    private readonly byte[] _previous = new byte[SipHash.KeyLength];
    private Instant _rotated;

    /// <summary>Makes an issuer with two fresh secrets.</summary>
    /// <param name="chance">Where secrets come from: on a real network a cryptographic one.</param>
    /// <param name="now">The present moment; the first secret's period starts here.</param>
    /// <param name="rotation">How long a secret issues; null is <see cref="Rotation"/>. A token lives one to two of these.</param>
    public RpcTokens(Random chance, Instant now, TimeSpan? rotation = null)
    {
        _chance = chance;
        _rotation = rotation ?? Rotation;
        _rotated = now;
        chance.NextBytes(_current);
        chance.NextBytes(_previous);
    }

    /// <summary>Writes the requester's token.</summary>
    /// <param name="requester">Whose address the token is bound to; the port is left out because NATs rebind.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="token">32 bytes.</param>
    public void Write(UdpEndpoint requester, Instant now, Span<byte> token)
    {
        Rotate(now);
        Hash(_current, requester, token[..RpcReader.TokenLength]);
    }

    /// <summary>Whether this token was issued to the requester's address under the current or the previous secret.</summary>
    /// <remarks>Takes the same time wherever the token differs. A token of any other length is invalid.</remarks>
    public bool IsValid(UdpEndpoint requester, Instant now, ReadOnlySpan<byte> token)
    {
        if (token.Length != RpcReader.TokenLength)
        {
            return false;
        }

        Rotate(now);
        Span<byte> current = stackalloc byte[RpcReader.TokenLength];
        Span<byte> previous = stackalloc byte[RpcReader.TokenLength];
        Hash(_current, requester, current);
        Hash(_previous, requester, previous);
        return CryptographicOperations.FixedTimeEquals(current, token) | CryptographicOperations.FixedTimeEquals(previous, token);
    }

    private void Rotate(Instant now)
    {
        long periods = (now - _rotated).Ticks / _rotation.Ticks;
        if (periods <= 0)
        {
            return;
        }

        if (periods == 1)
        {
            _current.CopyTo(_previous, 0);
        }
        else
        {
            _chance.NextBytes(_previous);
        }

        _chance.NextBytes(_current);
        _rotated += new TimeSpan(periods * _rotation.Ticks);
    }

    // The address without the port, and a number that makes four hashes of one.
    private static void Hash(byte[] secret, UdpEndpoint requester, Span<byte> token)
    {
        Span<byte> message = stackalloc byte[1 + 16];
        message = message[..(1 + requester.WriteAddress(message[1..]))];
        for (int lane = 0; lane * LaneLength < token.Length; lane++)
        {
            message[0] = (byte)lane;
            BinaryPrimitives.WriteUInt64LittleEndian(token[(lane * LaneLength)..], SipHash.Hash(message, secret));
        }
    }
}
