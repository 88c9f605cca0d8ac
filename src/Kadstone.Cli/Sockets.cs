using System.Net;
using System.Net.Sockets;

namespace Kadstone.Cli;

/// <summary>Says in the user's words why a socket cannot be had.</summary>
internal static class Sockets
{
    internal static async Task<T> OrExplainAsync<T>(Func<Task<T>> open, IReadOnlyList<IPAddress> hosts, int port, string portOption = "--port")
    {
        try
        {
            return await open();
        }
        catch (SocketException exception)
        {
            throw CommandFailedException.Usage(Explain(exception, string.Join(", ", hosts), $"{portOption} {port}"));
        }
    }

    private static string Explain(SocketException exception, string hosts, string port) => exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"{port} is in use on {hosts}; another port is needed, or 0 for the kernel's choice.",
        SocketError.AddressNotAvailable => $"--host {hosts} is no address of this machine; one of its own is needed, or 0.0.0.0 for all.",
        SocketError.AccessDenied => $"{port} on {hosts} is not allowed to this user; a port above 1023 is.",
        SocketError.AddressFamilyNotSupported => $"--host {hosts} cannot be used: this machine does not speak that version of IP.",
        _ => $"--host {hosts} {port} cannot be opened: {Failure.OneLine(exception.Message)}.",
    };
}
