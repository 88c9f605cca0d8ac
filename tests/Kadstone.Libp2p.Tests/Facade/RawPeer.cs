using System.Net;
using System.Net.Sockets;
using Kadstone.Crypto;
using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Facade;

/// <summary>A peer through its handshake, that then sends what it likes.</summary>
internal sealed class RawPeer : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ByteQueue _incoming = new();
    private readonly ByteQueue _outgoing = new();
    private NoiseCipher? _sending;

    /// <param name="host">Whom it connects with.</param>
    /// <param name="receiveBuffer">How much the system keeps of what it does not read. Null: as much as the system likes.</param>
    public static async Task<RawPeer> ConnectAsync(Libp2pHost host, int? receiveBuffer = null)
    {
        host.ListenAddresses[0].TryGetTcpEndpoint(out IPEndPoint? endpoint).ShouldBeTrue();
        RawPeer peer = new();
        peer._socket.ReceiveBufferSize = receiveBuffer ?? peer._socket.ReceiveBufferSize;
        await peer._socket.ConnectAsync(endpoint, Hosts.Cancelled);
        SecureRandom chance = new();
        byte[] keys = new byte[64];
        chance.NextBytes(keys);
        Negotiation choice = Negotiation.Propose(ConnectionSettings.Noise);
        NoiseHandshake handshake = new(new NoiseIdentity(PrivateKey.Generate(chance), keys.AsSpan(0, 32), [ConnectionSettings.Yamux]), true, host.LocalPeer, keys.AsSpan(32));
        byte[] buffer = new byte[4096];
        while (true)
        {
            choice.Advance(peer._incoming, peer._outgoing);
            if (choice.State == NegotiationState.Agreed)
            {
                handshake.Advance(peer._incoming, peer._outgoing);
            }

            await peer._socket.SendAsync(peer._outgoing.Span.ToArray(), Hosts.Cancelled);
            peer._outgoing.Clear();
            if (handshake.IsOver)
            {
                (peer._sending, NoiseCipher receiving) = handshake.Split();
                receiving.Dispose();
                handshake.Dispose();
                return peer;
            }

            int count = await peer._socket.ReceiveAsync(buffer, Hosts.Cancelled);
            count.ShouldBePositive();
            peer._incoming.Append(buffer.AsSpan(0, count));
        }
    }

    /// <summary>As much of it as the host takes.</summary>
    public async Task SendSealedAsync(byte[] plaintext)
    {
        try
        {
            for (int at = 0; at < plaintext.Length; at += 60_000)
            {
                byte[] piece = plaintext[at..Math.Min(plaintext.Length, at + 60_000)];
                byte[] frame = new byte[2 + piece.Length + NoiseCipher.TagLength];
                System.Buffers.Binary.BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)(frame.Length - 2));
                _sending!.Encrypt(piece, default, frame.AsSpan(2));
                await _socket.SendAsync(frame, Hosts.Cancelled);
            }
        }
        catch (SocketException)
        {
            // Left in the midst of it, as it should be.
        }
    }

    public Task EndedAsync() => EndedAsync(_socket);

    public static async Task EndedAsync(Socket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer, Hosts.Cancelled).AsTask().WaitAsync(Hosts.Guard, Hosts.Cancelled) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Ended with our bytes unread.
        }
    }

    public void Dispose()
    {
        _sending?.Dispose();
        _socket.Dispose();
    }
}
