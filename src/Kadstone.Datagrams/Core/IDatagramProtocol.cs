using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>A protocol over datagrams that does no I/O: it is told the time and handed bytes, and hands back bytes and its next deadline.</summary>
/// <remarks>
/// Call order of a driver: <see cref="Receive"/> or <see cref="Elapse"/>, then <see cref="TryTransmit"/> until it returns false,
/// then sleep until <see cref="NextDeadline"/> or the next datagram. One caller at a time; nothing here blocks, throws or waits.
/// </remarks>
public interface IDatagramProtocol
{
    /// <summary>Takes one datagram. Never throws, whatever the bytes.</summary>
    /// <param name="datagram">The payload; valid during the call only.</param>
    /// <param name="from">The source address as the kernel gave it.</param>
    /// <param name="socket">The index of the socket that received it.</param>
    /// <param name="now">The present moment.</param>
    void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now);

    /// <summary>Writes the next datagram to send, if there is one.</summary>
    /// <param name="buffer">At least 2,048 bytes.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="transmit">Where it goes and how long it is.</param>
    bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit);

    /// <summary>When <see cref="Elapse"/> wants to be called next; <see cref="Instant.Never"/> when it waits for nothing.</summary>
    Instant NextDeadline { get; }

    /// <summary>Does what is due at <paramref name="now"/>. Calling it early or late is allowed.</summary>
    void Elapse(Instant now);
}

/// <summary>One datagram to send.</summary>
/// <param name="To">The destination.</param>
/// <param name="Socket">The index of the socket to send from.</param>
/// <param name="Length">The bytes written to the buffer.</param>
public readonly record struct Transmit(UdpEndpoint To, byte Socket, int Length);
