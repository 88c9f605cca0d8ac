using System.Net;

namespace Kadstone.Datagrams;

/// <summary>How a UDP socket is opened.</summary>
public sealed record UdpSocketOptions
{
    /// <summary>Where to bind. Default 0.0.0.0:0; port 0 is the kernel's choice. An IPv6 socket takes IPv6 only.</summary>
    public IPEndPoint Bind { get; init; } = new(IPAddress.Any, 0);

    /// <summary>Bytes asked of the kernel for what waits to be read. Default 4 MiB; the kernel may give less.</summary>
    /// <remarks>Linux's own default holds some 130 small datagrams: a burst of 256 loses half.</remarks>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Bytes asked of the kernel for what waits to be sent. Default 4 MiB; the kernel may give less.</summary>
    public int SendBufferBytes { get; init; } = 4 << 20;
}
