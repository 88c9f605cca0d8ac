using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Kadstone.Datagrams;

/// <summary>A bound UDP socket for a <see cref="DatagramDriver{TProtocol}"/>, which closes it.</summary>
public sealed class UdpSocket : IDisposable
{
    private readonly bool _leaveOpen;

    private UdpSocket(Socket socket, bool leaveOpen)
    {
        Socket = socket;
        _leaveOpen = leaveOpen;
        LocalEndpoint = (IPEndPoint)(socket.LocalEndPoint ?? throw new ArgumentException("The socket is not bound.", nameof(socket)));
        IsIPv4 = socket.AddressFamily == AddressFamily.InterNetwork;
        ReceiveBufferBytes = socket.ReceiveBufferSize;
        Descriptor = socket.Handle;
    }

    /// <summary>Where it is bound, with the port that the kernel chose.</summary>
    public IPEndPoint LocalEndpoint { get; }

    /// <summary>What the kernel gave for receiving, as it reports it (Linux reports twice what was asked).</summary>
    public int ReceiveBufferBytes { get; }

    internal Socket Socket { get; }

    internal bool IsIPv4 { get; }

    internal nint Descriptor { get; }

    internal bool IsClosed => Socket.SafeHandle.IsClosed;

    /// <summary>Opens and binds a socket with the default options.</summary>
    /// <exception cref="SocketException">The address is in use or not ours.</exception>
    public static UdpSocket Open(IPEndPoint bind) => Open(new UdpSocketOptions { Bind = bind });

    /// <summary>Opens and binds a socket.</summary>
    /// <exception cref="SocketException">The address is in use or not ours.</exception>
    public static UdpSocket Open(UdpSocketOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var socket = new Socket(options.Bind.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (options.Bind.AddressFamily == AddressFamily.InterNetworkV6)
            {
                socket.DualMode = false;
            }

            AllowFragments(socket);
            IgnoreUnreachablePorts(socket);
            GrowBuffers(socket, options);
            socket.Bind(options.Bind);
            return new UdpSocket(socket, leaveOpen: false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Uses a socket that exists and is bound; its options stay as they are.</summary>
    /// <param name="socket">The socket. Nobody else may read from it while a driver does, and it may be closed only after the driver's end.</param>
    /// <param name="leaveOpen">Whether it stays open when the driver ends. Default true.</param>
    /// <exception cref="ArgumentException">The socket is not a bound UDP socket.</exception>
    public static UdpSocket Wrap(Socket socket, bool leaveOpen = true)
    {
        ArgumentNullException.ThrowIfNull(socket);
        if (socket.SocketType != SocketType.Dgram)
        {
            throw new ArgumentException("Not a datagram socket.", nameof(socket));
        }

        return new UdpSocket(socket, leaveOpen);
    }

    /// <summary>Closes the socket, unless it was given with <c>leaveOpen</c>.</summary>
    public void Dispose()
    {
        if (!_leaveOpen)
        {
            Socket.Dispose();
        }
    }

    /// <summary>Answers of more than the path's MTU are split on the way rather than lost.</summary>
    private static void AllowFragments(Socket socket)
    {
        if (OperatingSystem.IsLinux())
        {
            // IP_MTU_DISCOVER or IPV6_MTU_DISCOVER = PMTUDISC_DONT.
            bool isIPv4 = socket.AddressFamily == AddressFamily.InterNetwork;
            TrySetOption(socket, isIPv4 ? 0 : 41, isIPv4 ? 10 : 23, 0);
        }
        else if (socket.AddressFamily == AddressFamily.InterNetwork)
        {
            socket.DontFragment = false;
        }
    }

    /// <summary>Windows reports an ICMP "port unreachable" as an error of the next receive; for a server it means nothing.</summary>
    private static void IgnoreUnreachablePorts(Socket socket)
    {
        if (OperatingSystem.IsWindows())
        {
            const int ReportConnectionReset = unchecked((int)0x9800000C);
            socket.IOControl(ReportConnectionReset, [0, 0, 0, 0], null);
        }
    }

    private static void GrowBuffers(Socket socket, UdpSocketOptions options)
    {
        // SO_RCVBUFFORCE and SO_SNDBUFFORCE pass over the system's limit and need CAP_NET_ADMIN.
        if (!OperatingSystem.IsLinux() || !TrySetOption(socket, 1, 33, options.ReceiveBufferBytes))
        {
            socket.ReceiveBufferSize = options.ReceiveBufferBytes;
        }

        if (!OperatingSystem.IsLinux() || !TrySetOption(socket, 1, 32, options.SendBufferBytes))
        {
            socket.SendBufferSize = options.SendBufferBytes;
        }
    }

    private static bool TrySetOption(Socket socket, int level, int name, int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        try
        {
            socket.SetRawSocketOption(level, name, bytes);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
