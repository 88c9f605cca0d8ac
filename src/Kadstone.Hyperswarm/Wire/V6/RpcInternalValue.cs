using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm;

/// <summary>The values of dht-rpc's own commands. What cannot be read is not answered.</summary>
/// <remarks>npm dht-rpc 6, index.js.</remarks>
internal static class RpcInternalValue
{
    /// <summary>10,000: the most milliseconds that a DELAYED_PING may ask for.</summary>
    public const int MaxDelayMilliseconds = 10_000;

    /// <summary>2: the bytes of a PING_NAT.</summary>
    public const int PortLength = sizeof(ushort);

    /// <summary>4: the bytes of a DELAYED_PING.</summary>
    public const int DelayLength = sizeof(uint);

    /// <summary>Reads the port to which a PING_NAT is answered; never 0.</summary>
    public static bool TryReadPort(ReadOnlySpan<byte> value, out ushort port)
    {
        CompactReader reader = new(value);
        return reader.TryReadUInt16(out port) && port != 0;
    }

    /// <summary>Reads the node that a DOWN_HINT names.</summary>
    public static bool TryReadHint(ReadOnlySpan<byte> value, out UdpEndpoint endpoint)
    {
        CompactReader reader = new(value);
        return reader.TryReadEndpoint(out endpoint);
    }

    /// <summary>Reads how long the answer to a DELAYED_PING waits: at most <see cref="MaxDelayMilliseconds"/>.</summary>
    public static bool TryReadDelay(ReadOnlySpan<byte> value, out TimeSpan delay)
    {
        CompactReader reader = new(value);
        bool read = reader.TryReadUInt32(out uint milliseconds) && milliseconds <= MaxDelayMilliseconds;
        delay = read ? TimeSpan.FromMilliseconds(milliseconds) : default;
        return read;
    }

    /// <summary>Writes the value of a PING_NAT.</summary>
    public static void WritePort(scoped ref CompactWriter writer, ushort port) => writer.UInt16(port);

    /// <summary>Writes the value of a DOWN_HINT.</summary>
    public static void WriteHint(scoped ref CompactWriter writer, UdpEndpoint endpoint) => writer.Endpoint(endpoint);

    /// <summary>Writes the value of a DELAYED_PING.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The delay is negative or above <see cref="MaxDelayMilliseconds"/>.</exception>
    public static void WriteDelay(scoped ref CompactWriter writer, TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(delay.Ticks, nameof(delay));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay.TotalMilliseconds, MaxDelayMilliseconds, nameof(delay));
        writer.UInt32((uint)delay.TotalMilliseconds);
    }
}
