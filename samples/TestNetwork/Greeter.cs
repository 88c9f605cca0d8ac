using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace TestNetwork;

/// <summary>A protocol of one's own: says hello until somebody answers, a second apart. Told the time and handed bytes, so it can be simulated.</summary>
internal sealed class Greeter : IDatagramProtocol
{
    private readonly Outbox _outbox = new();
    private UdpEndpoint? _friend;

    public Instant NextDeadline { get; private set; } = Instant.Never;

    public int Hellos { get; private set; }

    public bool IsGreeted { get; private set; }

    public void Greet(UdpEndpoint friend, Instant now)
    {
        _friend = friend;
        Elapse(NextDeadline = now);
    }

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint from, byte socket, Instant now)
    {
        if (datagram.SequenceEqual("hello"u8))
        {
            Say("and hello to you"u8, from);
        }
        else if (datagram.SequenceEqual("and hello to you"u8) && from == _friend)
        {
            IsGreeted = true;
            NextDeadline = Instant.Never;
        }
    }

    public void Elapse(Instant now)
    {
        if (_friend is UdpEndpoint friend && now >= NextDeadline)
        {
            Say("hello"u8, friend);
            Hellos++;
            NextDeadline = now + TimeSpan.FromSeconds(1);
        }
    }

    public bool TryTransmit(Span<byte> buffer, Instant now, out Transmit transmit) => _outbox.TryTake(buffer, out transmit);

    private void Say(ReadOnlySpan<byte> words, UdpEndpoint to)
    {
        if (_outbox.HasRoom)
        {
            words.CopyTo(_outbox.Reserve());
            _outbox.Commit(to, socket: 0, words.Length);
        }
    }
}
