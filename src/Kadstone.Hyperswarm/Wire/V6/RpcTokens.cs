using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm;

/// <summary>Issues and checks the tokens by which a requester proves that it receives at its address. Keeps no state per token.</summary>
/// <remarks>
/// npm dht-rpc 6, lib/io.js: BLAKE2b-256 of the requester's host in ASCII, under a secret. A secret issues for ten ticks of 750 ms and is
/// accepted for ten more, so that a token lives 7.5 to 15 s. There the next secret is the hash of an old one; here it is drawn afresh,
/// so that a secret that leaks opens no later ones. Nobody else can tell.
/// </remarks>
internal sealed class RpcTokens
{
    /// <summary>7.5 s: how long a secret issues.</summary>
    public static readonly TimeSpan Rotation = TimeSpan.FromMilliseconds(10 * 750);

    // 255.255.255.255
    private const int MaxHostLength = 15;

    private readonly Random _chance;
    private readonly byte[] _current = new byte[32];
    private readonly byte[] _previous = new byte[32];
    private Instant _rotated;

    /// <summary>Makes an issuer with two fresh secrets.</summary>
    /// <param name="chance">Where secrets come from: on a real network a cryptographic one.</param>
    /// <param name="now">The present moment; the first secret's period starts here.</param>
    public RpcTokens(Random chance, Instant now)
    {
        _chance = chance;
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
        long periods = (now - _rotated).Ticks / Rotation.Ticks;
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
        _rotated += new TimeSpan(periods * Rotation.Ticks);
    }

    private static void Hash(byte[] secret, UdpEndpoint requester, Span<byte> token)
    {
        Debug.Assert(requester.IsIPv4);
        Span<byte> host = stackalloc byte[MaxHostLength];
        uint address = (uint)requester.AddressLow;
        int length = 0;
        for (int shift = 24; shift >= 0; shift -= 8)
        {
            Utf8Formatter.TryFormat((byte)(address >> shift), host[length..], out int digits);
            length += digits;
            if (shift > 0)
            {
                host[length++] = (byte)'.';
            }
        }

        Blake2b.Hash(host[..length], token, secret);
    }
}
