using System.Buffers.Binary;
using System.Security.Cryptography;
using Kadstone.Crypto;
using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>Issues and checks the tokens by which a requester proves that it receives at its address. Keeps no state per token.</summary>
/// <remarks>
/// BEP 5: a secret that changes every five minutes, tokens up to ten minutes old are accepted: a secret's own period and the next one.
/// A token is SipHash-2-4 of family, address and scope; the port is left out because NATs rebind.
/// </remarks>
public sealed class TokenIssuer
{
    /// <summary>8: the bytes of a token.</summary>
    public const int Length = 8;

    // Longer scopes are hashed first, so that the message fits the stack; the marker keeps the two forms apart.
    private const int MaxScope = 64;
    private const byte HashedScope = 0x80;

    private readonly Random _chance;
    private readonly TimeSpan _rotation;
    private readonly byte[] _current = new byte[SipHash.KeyLength];
    private readonly byte[] _previous = new byte[SipHash.KeyLength];
    private Instant _rotated;

    /// <summary>Makes an issuer with two fresh secrets.</summary>
    /// <param name="chance">Where secrets come from: on a real network a cryptographic one.</param>
    /// <param name="now">The present moment; the first secret's period starts here.</param>
    /// <param name="rotation">How long a secret issues. Default (and for <c>default</c>) 5 minutes; a token lives one to two of these.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rotation is negative.</exception>
    public TokenIssuer(Random chance, Instant now, TimeSpan rotation = default)
    {
        ArgumentNullException.ThrowIfNull(chance);
        ArgumentOutOfRangeException.ThrowIfLessThan(rotation, TimeSpan.Zero);
        _chance = chance;
        _rotation = rotation == TimeSpan.Zero ? TimeSpan.FromMinutes(5) : rotation;
        _rotated = now;
        chance.NextBytes(_current);
        chance.NextBytes(_previous);
    }

    /// <summary>Writes the requester's token.</summary>
    /// <param name="requester">Whose address the token is bound to.</param>
    /// <param name="scope">What else it is bound to: the key, the socket.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="token">At least <see cref="Length"/> bytes.</param>
    /// <exception cref="ArgumentException">The destination is too short.</exception>
    public void Write(UdpEndpoint requester, ReadOnlySpan<byte> scope, Instant now, Span<byte> token)
    {
        if (token.Length < Length)
        {
            throw new ArgumentException("A token has 8 bytes.", nameof(token));
        }

        Rotate(now);
        Hash(_current, requester, scope, token);
    }

    /// <summary>Whether this token was issued to the requester's address for this scope under the current or the previous secret.</summary>
    /// <remarks>Takes the same time wherever the token differs. A token of any other length is invalid.</remarks>
    public bool IsValid(UdpEndpoint requester, ReadOnlySpan<byte> scope, Instant now, ReadOnlySpan<byte> token)
    {
        if (token.Length != Length)
        {
            return false;
        }

        Rotate(now);
        Span<byte> current = stackalloc byte[Length];
        Span<byte> previous = stackalloc byte[Length];
        Hash(_current, requester, scope, current);
        Hash(_previous, requester, scope, previous);
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

    private static void Hash(byte[] secret, UdpEndpoint requester, ReadOnlySpan<byte> scope, Span<byte> token)
    {
        Span<byte> message = stackalloc byte[1 + 16 + MaxScope];
        int length = 1 + requester.WriteAddress(message[1..]);
        message[0] = (byte)requester.AddressLength;
        if (scope.Length <= MaxScope)
        {
            scope.CopyTo(message[length..]);
            length += scope.Length;
        }
        else
        {
            message[0] |= HashedScope;
            BinaryPrimitives.WriteUInt64LittleEndian(message[length..], SipHash.Hash(scope, secret));
            length += sizeof(ulong);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(token, SipHash.Hash(message[..length], secret));
    }
}
