using Kadstone.Kademlia;

namespace Kadstone.Datagrams;

/// <summary>A driver as its I/O loop sees it.</summary>
internal interface IPump
{
    IReadOnlyList<UdpSocket> Sockets { get; }

    /// <summary>When the loop must come back by itself.</summary>
    Instant LoopDeadline { get; }

    /// <summary>Hands over datagrams of the inbox from <paramref name="next"/> on, lets the protocol do what is due, and fills the outbox.</summary>
    /// <returns>True when the outbox is full: send it, empty it and call again.</returns>
    bool Round(DatagramBatch? inbox, ref int next, byte socket, DatagramBatch outbox);

    /// <summary>Marks a request to be pumped; false when one is pending already.</summary>
    bool TryMarkWake();

    /// <summary>Clears the mark, before the pump runs.</summary>
    void ClearWake();

    void CountSent(int datagrams, long bytes, int errors);

    void CountReceiveErrors(int errors);

    /// <summary>The loop has let go of the sockets after a last round.</summary>
    void Detached();

    /// <summary>The loop cannot watch a socket.</summary>
    void LoopFailed(string operation, int errorCode);
}

/// <summary>What moves the datagrams of drivers.</summary>
internal interface IIOLoop
{
    void Wake(IPump pump);

    void Detach(IPump pump);
}
