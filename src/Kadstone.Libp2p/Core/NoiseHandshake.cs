using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Kadstone.Crypto;

namespace Kadstone.Libp2p.Core;

/// <summary>The Noise XX handshake with libp2p's payloads: three messages, after which each side knows the other's identity.</summary>
/// <remarks>libp2p noise spec. The cheap checks come first: lengths, then the cipher's tag, and the identity's signature last.</remarks>
internal sealed class NoiseHandshake : IDisposable
{
    /// <summary>4,096: the longest message that is waited for. With RSA keys of 4,096 bits they have some 1,300.</summary>
    public const int MaxMessageLength = 4096;

    private const int LengthBytes = 2;

    private readonly NoiseState _state = new();
    private readonly NoiseIdentity _identity;
    private readonly bool _isInitiator;
    private readonly PeerId? _expected;
    private readonly byte[] _ephemeralPrivate;
    private readonly byte[] _ephemeralPublic = new byte[X25519.KeyLength];
    private readonly byte[] _remoteEphemeral = new byte[X25519.KeyLength];
    private int _step;

    /// <param name="identity">Ours.</param>
    /// <param name="isInitiator">Whether we speak first.</param>
    /// <param name="expected">Whom we want to reach; null: whoever it is.</param>
    /// <param name="ephemeral">32 bytes by chance, for this handshake only.</param>
    public NoiseHandshake(NoiseIdentity identity, bool isInitiator, PeerId? expected, ReadOnlySpan<byte> ephemeral)
    {
        _identity = identity;
        _isInitiator = isInitiator;
        _expected = expected;
        _ephemeralPrivate = ephemeral.ToArray();
    }

    public ConnectionEnd? Failure { get; private set; }

    /// <summary>What the other side said of itself, checked. Set when the handshake is over.</summary>
    public NoisePayload? Remote { get; private set; }

    /// <summary>What binds the session to this handshake. Of use when it is over.</summary>
    public ReadOnlySpan<byte> HandshakeHash => _state.Hash;

    [MemberNotNullWhen(true, nameof(Remote))]
    public bool IsOver => _step == 3 && Failure is null && Remote is not null;

    /// <summary>Takes the messages that are there, and writes what follows from them. Bytes behind the last message stay.</summary>
    public void Advance(ByteQueue input, ByteQueue output)
    {
        if (_step == 0 && _isInitiator)
        {
            WriteFirst(output);
        }

        Span<byte> plaintext = stackalloc byte[MaxMessageLength];
        while (_step < 3 && Failure is null)
        {
            ReadOnlySpan<byte> waiting = input.Span;
            if (waiting.Length < LengthBytes)
            {
                return;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(waiting);
            if (length > MaxMessageLength)
            {
                Failure = ConnectionEnd.Malformed;
                return;
            }

            if (waiting.Length < LengthBytes + length)
            {
                return;
            }

            Failure = Read(waiting.Slice(LengthBytes, length), plaintext, output);
            input.Consume(LengthBytes + length);
        }
    }

    /// <summary>The ciphers of the session. Called once, when the handshake is over.</summary>
    public (NoiseCipher Sending, NoiseCipher Receiving) Split()
    {
        Debug.Assert(IsOver);
        (NoiseCipher initiator, NoiseCipher responder) = _state.Split();
        return _isInitiator ? (initiator, responder) : (responder, initiator);
    }

    public void Dispose()
    {
        _state.Dispose();
        System.Security.Cryptography.CryptographicOperations.ZeroMemory(_ephemeralPrivate);
    }

    private ConnectionEnd? Read(ReadOnlySpan<byte> message, Span<byte> plaintext, ByteQueue output)
    {
        switch (_step)
        {
            case 0:
                // -> e
                if (message.Length != X25519.KeyLength)
                {
                    return ConnectionEnd.Malformed;
                }

                message.CopyTo(_remoteEphemeral);
                _state.MixHash(_remoteEphemeral);
                _state.MixHash(default);
                _step = 2;
                return WriteSecond(output);
            case 1:
                // <- e, ee, s, es
                if (message.Length < X25519.KeyLength)
                {
                    return ConnectionEnd.Malformed;
                }

                message[..X25519.KeyLength].CopyTo(_remoteEphemeral);
                _state.MixHash(_remoteEphemeral);
                if (!_state.TryMixAgreement(_ephemeralPrivate, _remoteEphemeral))
                {
                    return ConnectionEnd.Malformed;
                }

                _step = 3;
                return ReadIdentity(message[X25519.KeyLength..], plaintext) ?? WriteThird(output);
            default:
                // -> s, se
                _step = 3;
                return ReadIdentity(message, plaintext);
        }
    }

    // s, then es (second message) or se (third), then the payload.
    private ConnectionEnd? ReadIdentity(ReadOnlySpan<byte> message, Span<byte> plaintext)
    {
        const int SealedKeyLength = X25519.KeyLength + NoiseCipher.TagLength;
        Span<byte> staticKey = stackalloc byte[X25519.KeyLength];
        if (message.Length < SealedKeyLength + NoiseCipher.TagLength || !_state.TryDecrypt(message[..SealedKeyLength], staticKey))
        {
            return ConnectionEnd.Malformed;
        }

        if (!_state.TryMixAgreement(_ephemeralPrivate, staticKey))
        {
            return ConnectionEnd.Malformed;
        }

        ReadOnlySpan<byte> sealedPayload = message[SealedKeyLength..];
        if (!_state.TryDecrypt(sealedPayload, plaintext)
            || !NoisePayload.TryRead(plaintext[..(sealedPayload.Length - NoiseCipher.TagLength)], out NoisePayload? payload))
        {
            return ConnectionEnd.Malformed;
        }

        if (_expected is not null && payload.Key.PeerId != _expected)
        {
            return ConnectionEnd.AnotherPeer;
        }

        if (!payload.IsSigned(staticKey))
        {
            return ConnectionEnd.Unproved;
        }

        Remote = payload;
        return null;
    }

    private void WriteFirst(ByteQueue output)
    {
        _step = 1;
        X25519.DerivePublicKey(_ephemeralPrivate, _ephemeralPublic);
        _state.MixHash(_ephemeralPublic);
        _state.MixHash(default);
        BinaryPrimitives.WriteUInt16BigEndian(output.Extend(LengthBytes), X25519.KeyLength);
        output.Append(_ephemeralPublic);
    }

    private ConnectionEnd? WriteSecond(ByteQueue output)
    {
        // Only now, so that who connects and says nothing costs nothing.
        X25519.DerivePublicKey(_ephemeralPrivate, _ephemeralPublic);
        _state.MixHash(_ephemeralPublic);
        return _state.TryMixAgreement(_ephemeralPrivate, _remoteEphemeral) ? WriteIdentity(output, _ephemeralPublic) : ConnectionEnd.Malformed;
    }

    private ConnectionEnd? WriteThird(ByteQueue output) => WriteIdentity(output, default);

    private ConnectionEnd? WriteIdentity(ByteQueue output, ReadOnlySpan<byte> before)
    {
        int sealedKeyLength = X25519.KeyLength + NoiseCipher.TagLength;
        int payloadLength = _identity.Payload.Length + NoiseCipher.TagLength;
        int length = before.Length + sealedKeyLength + payloadLength;
        Span<byte> message = output.Extend(LengthBytes + length);
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)length);
        message = message[LengthBytes..];
        before.CopyTo(message);
        message = message[before.Length..];
        _state.Encrypt(_identity.StaticPublicKey, message[..sealedKeyLength]);
        if (!_state.TryMixAgreement(_identity.StaticPrivateKey, _remoteEphemeral))
        {
            return ConnectionEnd.Malformed;
        }

        _state.Encrypt(_identity.Payload, message[sealedKeyLength..]);
        return null;
    }
}
