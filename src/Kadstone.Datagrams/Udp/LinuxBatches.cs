using System.Runtime.InteropServices;
using static Kadstone.Datagrams.LinuxNative;

namespace Kadstone.Datagrams;

/// <summary>The two batches of the Linux loop with the headers that recvmmsg and sendmmsg take.</summary>
internal sealed unsafe class LinuxBatches : IDisposable
{
    private const int Slots = DatagramBatch.Slots;
    private const int AddressStride = 32;

    // A full send buffer empties at the speed of the wire: worth one short wait, then datagrams are dropped.
    private const int FullBufferPatience = 1;

    private readonly MessageHeader* _received = (MessageHeader*)NativeMemory.AlignedAlloc((nuint)(Slots * sizeof(MessageHeader)), 64);
    private readonly MessageHeader* _sent = (MessageHeader*)NativeMemory.AlignedAlloc((nuint)(Slots * sizeof(MessageHeader)), 64);
    private readonly LinuxNative.Buffer* _buffers = (LinuxNative.Buffer*)NativeMemory.AllocZeroed(2 * Slots, (nuint)sizeof(LinuxNative.Buffer));
    private readonly byte* _addresses = (byte*)NativeMemory.AllocZeroed(2 * Slots, AddressStride);

    public LinuxBatches()
    {
        for (int i = 0; i < Slots; i++)
        {
            _buffers[i] = new LinuxNative.Buffer { Start = Inbox.Pointer(i), Length = DatagramBatch.LongestReceived };
            _buffers[Slots + i] = new LinuxNative.Buffer { Start = Outbox.Pointer(i) };
            _received[i] = new MessageHeader { Name = _addresses + (i * AddressStride), NameLength = AddressBytes, Buffers = _buffers + i, BufferCount = 1 };
            _sent[i] = new MessageHeader { Name = _addresses + ((Slots + i) * AddressStride), Buffers = _buffers + Slots + i, BufferCount = 1 };
        }
    }

    public DatagramBatch Inbox { get; } = new(Slots, DatagramBatch.LongestReceived);

    public DatagramBatch Outbox { get; } = new(Slots, DatagramBatch.LongestSent);

    /// <summary>Reads what waits at a socket, up to a batch. 0 and an error number when nothing could be read.</summary>
    public int Receive(int descriptor, out int oversized, out int error)
    {
        oversized = 0;
        int received = recvmmsg(descriptor, _received, Slots, DontWait, null);
        if (received <= 0)
        {
            error = received < 0 ? Marshal.GetLastPInvokeError() : Again;
            Inbox.Count = 0;
            return 0;
        }

        error = 0;
        for (int i = 0; i < received; i++)
        {
            ref MessageHeader header = ref _received[i];
            bool isTruncated = (header.Flags & Truncated) != 0;
            oversized += isTruncated ? 1 : 0;
            Inbox.Lengths[i] = isTruncated ? -1 : (int)header.Length;
            Inbox.Endpoints[i] = ReadAddress(header.Name);
            header.NameLength = AddressBytes;
        }

        Inbox.Count = received;
        return received;
    }

    /// <summary>Sends the outbox and empties it.</summary>
    public void Send(IPump pump)
    {
        int count = Outbox.Count;
        if (count == 0)
        {
            return;
        }

        int errors = 0;
        long bytes = 0;
        int start = 0;
        while (start < count)
        {
            byte index = Outbox.Sockets[start];
            UdpSocket socket = pump.Sockets[index];
            int end = start;
            for (; end < count && Outbox.Sockets[end] == index; end++)
            {
                _buffers[Slots + end].Length = (nuint)Outbox.Lengths[end];
                _sent[end].NameLength = WriteAddress(_sent[end].Name, Outbox.Endpoints[end], socket.IsIPv4);
            }

            errors += SendRun(socket, start, end, ref bytes);
            start = end;
        }

        Outbox.Count = 0;
        pump.CountSent(count - errors, bytes, errors);
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_received);
        NativeMemory.AlignedFree(_sent);
        NativeMemory.Free(_buffers);
        NativeMemory.Free(_addresses);
    }

    /// <summary>Sends slots of one socket; returns how many were dropped.</summary>
    private int SendRun(UdpSocket socket, int start, int end, ref long bytes)
    {
        if (socket.IsClosed)
        {
            return end - start;
        }

        int descriptor = (int)socket.Descriptor;
        int errors = 0;
        bool hasWaited = false;
        while (start < end)
        {
            int sent = sendmmsg(descriptor, _sent + start, (uint)(end - start), DontWait);
            if (sent > 0)
            {
                for (int i = start; i < start + sent; i++)
                {
                    bytes += Outbox.Lengths[i];
                }

                start += sent;
                continue;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
            {
                continue;
            }

            if (error == Again)
            {
                if (hasWaited)
                {
                    return errors + end - start;
                }

                hasWaited = true;
                var descriptors = new PollDescriptor { Descriptor = descriptor, Events = PollOut };
                _ = poll(&descriptors, 1, FullBufferPatience);
                continue;
            }

            // This one cannot be sent (no route, too long, a firewall); those behind it may.
            errors++;
            start++;
        }

        return errors;
    }
}
