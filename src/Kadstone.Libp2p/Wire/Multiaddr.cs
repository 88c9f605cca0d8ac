using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;

namespace Kadstone.Libp2p;

/// <summary>An address that says, protocol by protocol, how to get there: <c>/ip4/127.0.0.1/tcp/4001</c>.</summary>
/// <remarks>
/// multiformats/multiaddr. Equality by bytes. Bytes of the network may name protocols that are not known here: such an address keeps
/// its bytes, ends for us where the unknown begins, and is neither dialed nor written as text that could be read again.
/// </remarks>
public sealed class Multiaddr : IEquatable<Multiaddr>, ISpanParsable<Multiaddr>
{
    /// <summary>1,024: the most bytes of an address.</summary>
    public const int MaxLength = 1024;

    private const int MaxComponents = 32;

    private readonly byte[] _bytes;
    private readonly MultiaddrComponent[] _components;

    private Multiaddr(byte[] bytes, MultiaddrComponent[] components, bool isOpaque)
    {
        _bytes = bytes;
        _components = components;
        IsOpaque = isOpaque;
    }

    /// <summary>All bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Its parts in order.</summary>
    public IReadOnlyList<MultiaddrComponent> Components => _components;

    /// <summary>Whether the last part is of a protocol that is not known here, and holds all that follows.</summary>
    public bool IsOpaque { get; }

    /// <summary>The peer at the end of the address, if it names one.</summary>
    public PeerId? Peer =>
        _components is [.., { Protocol: MultiaddrProtocol.P2p } last] && PeerId.TryRead(last.Value.Span, out PeerId? peer) ? peer : null;

    /// <summary>The address of a TCP endpoint.</summary>
    public static Multiaddr FromTcp(IPAddress address, int port)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentOutOfRangeException.ThrowIfLessThan(port, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(port, ushort.MaxValue);
        IPAddress plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        byte[] host = plain.GetAddressBytes();
        byte[] bytes = new byte[1 + host.Length + 3];
        bytes[0] = (byte)(host.Length == 4 ? MultiaddrProtocol.Ip4 : MultiaddrProtocol.Ip6);
        host.CopyTo(bytes, 1);
        bytes[1 + host.Length] = (byte)MultiaddrProtocol.Tcp;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2 + host.Length), (ushort)port);
        return Read(bytes);
    }

    /// <summary>Reads the bytes of an address. Never throws; an unknown protocol makes it opaque, not false.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Multiaddr? address)
    {
        address = null;
        if (bytes.Length is 0 or > MaxLength)
        {
            return false;
        }

        // Nothing is kept before all of it is known to be right.
        Span<Part> parts = stackalloc Part[MaxComponents];
        int count = 0;
        bool isOpaque = false;
        for (int at = 0; at < bytes.Length && !isOpaque; count++)
        {
            ReadOnlySpan<byte> rest = bytes[at..];
            if (count == MaxComponents || !Uvarint.TryTake(ref rest, out ulong code) || code > int.MaxValue)
            {
                return false;
            }

            MultiaddrProtocol protocol = (MultiaddrProtocol)code;
            isOpaque = !MultiaddrTable.TryGet(protocol, out _, out int size);
            ReadOnlySpan<byte> value = rest;
            if (!isOpaque)
            {
                if (size > rest.Length || (size == MultiaddrTable.Prefixed && !Uvarint.TryTakeBytes(ref rest, out value)))
                {
                    return false;
                }

                if (size >= 0)
                {
                    value = rest[..size];
                    rest = rest[size..];
                }

                if (!MultiaddrText.IsValue(protocol, value))
                {
                    return false;
                }
            }

            int start = isOpaque ? bytes.Length - value.Length : bytes.Length - rest.Length - value.Length;
            parts[count] = new Part(protocol, start, value.Length);
            at = bytes.Length - rest.Length;
        }

        byte[] kept = bytes.ToArray();
        MultiaddrComponent[] components = new MultiaddrComponent[count];
        for (int i = 0; i < count; i++)
        {
            components[i] = new MultiaddrComponent(parts[i].Protocol, kept.AsMemory(parts[i].Start, parts[i].Length));
        }

        address = new Multiaddr(kept, components, isOpaque);
        return true;
    }

    /// <summary>Reads a text such as <c>/dns4/example.org/tcp/4001</c>.</summary>
    /// <exception cref="FormatException">The text is no multiaddr, or names a protocol that is not known here.</exception>
    public static Multiaddr Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Parse(text.AsSpan(), null);
    }

    /// <inheritdoc/>
    public static Multiaddr Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static Multiaddr Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out Multiaddr? address) ? address : throw new FormatException($"'{s}' is no multiaddr.");

    /// <summary>Reads the text of a multiaddr; false when it is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Multiaddr? address) => TryParse(text.AsSpan(), null, out address);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [NotNullWhen(true)] out Multiaddr? result) => TryParse(s.AsSpan(), provider, out result);

    /// <inheritdoc/>
    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, [NotNullWhen(true)] out Multiaddr? result)
    {
        result = null;
        Span<byte> bytes = stackalloc byte[MaxLength];
        int length = 0;

        // A character is at least half a byte of any value.
        if (s.IsEmpty || s.Length > 2 * MaxLength || s[0] != '/')
        {
            return false;
        }

        ReadOnlySpan<char> rest = s;
        while (!rest.IsEmpty)
        {
            if (!TryTakePart(ref rest, out ReadOnlySpan<char> name) || !MultiaddrTable.TryGet(name, out MultiaddrProtocol protocol)
                || !TryTakeValue(protocol, ref rest, out byte[] value) || !TryAppend(protocol, value, bytes, ref length))
            {
                return false;
            }
        }

        return TryRead(bytes[..length], out result);
    }

    /// <summary>This address with the peer at its end; itself if it names that one.</summary>
    public Multiaddr WithPeer(PeerId peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (Peer == peer)
        {
            return this;
        }

        ReadOnlySpan<byte> own = WithoutPeer()._bytes;
        int length = own.Length;
        Span<byte> bytes = stackalloc byte[MaxLength + 64];
        own.CopyTo(bytes);
        return TryAppend(MultiaddrProtocol.P2p, peer.Bytes.Span, bytes, ref length) ? Read(bytes[..length]) : this;
    }

    /// <summary>This address without the peer at its end; itself if it names none, or nothing else.</summary>
    public Multiaddr WithoutPeer()
    {
        if (Peer is null || _components.Length == 1)
        {
            return this;
        }

        int valueLength = _components[^1].Value.Length;
        return Read(_bytes.AsSpan(0, _bytes.Length - valueLength - Uvarint.Length((ulong)valueLength) - Uvarint.Length((ulong)MultiaddrProtocol.P2p)));
    }

    /// <summary>The endpoint, if the address is an IP address and a TCP port and nothing more, but perhaps a peer.</summary>
    public bool TryGetTcpEndpoint([NotNullWhen(true)] out IPEndPoint? endpoint)
    {
        endpoint = IsPlainTcp && _components[0].Protocol is MultiaddrProtocol.Ip4 or MultiaddrProtocol.Ip6
            ? new IPEndPoint(new IPAddress(_components[0].Value.Span), Port)
            : null;
        return endpoint is not null;
    }

    /// <summary>The endpoint with a name to resolve, if the address is a host name and a TCP port and nothing more, but perhaps a peer.</summary>
    public bool TryGetTcpName([NotNullWhen(true)] out string? host, out int port)
    {
        bool isNamed = IsPlainTcp && _components[0].Protocol is MultiaddrProtocol.Dns or MultiaddrProtocol.Dns4 or MultiaddrProtocol.Dns6;
        host = isNamed ? Encoding.UTF8.GetString(_components[0].Value.Span) : null;
        port = isNamed ? Port : 0;
        return isNamed;
    }

    /// <summary>The text. What is opaque ends with the protocol's number and its bytes in hexadecimal.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        foreach (MultiaddrComponent component in _components)
        {
            if (!MultiaddrTable.TryGet(component.Protocol, out string name, out int size))
            {
                text.Append('/').Append((int)component.Protocol).Append('/').Append(Convert.ToHexStringLower(component.Value.Span));
                break;
            }

            text.Append('/').Append(name);
            if (size != 0)
            {
                string value = MultiaddrText.Write(component.Protocol, component.Value.Span);
                text.Append(component.Protocol == MultiaddrProtocol.Unix && value.StartsWith('/') ? "" : "/").Append(value);
            }
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(Multiaddr? other) => other is not null && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Multiaddr);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(_bytes);
        return hash.ToHashCode();
    }

    /// <summary>Whether both have the same bytes.</summary>
    public static bool operator ==(Multiaddr? left, Multiaddr? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(Multiaddr? left, Multiaddr? right) => !(left == right);

    private bool IsPlainTcp => _components is [_, { Protocol: MultiaddrProtocol.Tcp }] or [_, { Protocol: MultiaddrProtocol.Tcp }, { Protocol: MultiaddrProtocol.P2p }];

    private int Port => BinaryPrimitives.ReadUInt16BigEndian(_components[1].Value.Span);

    private static Multiaddr Read(ReadOnlySpan<byte> bytes) =>
        TryRead(bytes, out Multiaddr? address) ? address : throw new ArgumentException("These bytes are no multiaddr.", nameof(bytes));

    private static bool TryTakePart(scoped ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> part)
    {
        part = default;
        if (rest.IsEmpty || rest[0] != '/')
        {
            return false;
        }

        int end = rest[1..].IndexOf('/');
        part = end < 0 ? rest[1..] : rest[1..(end + 1)];
        rest = end < 0 ? default : rest[(end + 1)..];
        return !part.IsEmpty;
    }

    private static bool TryTakeValue(MultiaddrProtocol protocol, scoped ref ReadOnlySpan<char> rest, out byte[] value)
    {
        value = [];
        MultiaddrTable.TryGet(protocol, out _, out int size);
        if (size == 0)
        {
            return true;
        }

        ReadOnlySpan<char> part = rest;
        if (protocol == MultiaddrProtocol.Unix)
        {
            rest = default;
        }
        else if (!TryTakePart(ref rest, out part))
        {
            return false;
        }

        return MultiaddrText.TryRead(protocol, part, out value);
    }

    private static bool TryAppend(MultiaddrProtocol protocol, ReadOnlySpan<byte> value, Span<byte> bytes, ref int length)
    {
        MultiaddrTable.TryGet(protocol, out _, out int size);
        if (value.Length + (2 * Uvarint.MaxLength) > bytes.Length - length)
        {
            return false;
        }

        length += Uvarint.Write(bytes[length..], (ulong)protocol);
        if (size == MultiaddrTable.Prefixed)
        {
            length += Uvarint.Write(bytes[length..], (ulong)value.Length);
        }

        value.CopyTo(bytes[length..]);
        length += value.Length;
        return true;
    }

    private readonly record struct Part(MultiaddrProtocol Protocol, int Start, int Length);
}
