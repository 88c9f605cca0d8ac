using System.Buffers.Binary;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using static Kadstone.Hyperswarm.Tests.Core.RpcConversation;

namespace Kadstone.Hyperswarm.Tests.Core;

/// <summary>Everybody else of a small network: persistent nodes that answer at once, as the test wants them to.</summary>
internal sealed class RpcNeighbours
{
    internal static readonly byte[] Token = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly RpcConversation _talk;
    private readonly Queue<(byte[] Bytes, UdpEndpoint From, byte Socket)> _underWay = new();
    private bool _delivers;

    /// <param name="talk">The node under test.</param>
    /// <param name="count">They are At(1) to At(count), and know each other.</param>
    internal RpcNeighbours(RpcConversation talk, int count)
    {
        _talk = talk;
        All = [.. Enumerable.Range(1, count).Select(At)];
        talk.Network = Answer;
    }

    internal UdpEndpoint[] All { get; }

    internal HashSet<UdpEndpoint> Silent { get; } = [];

    /// <summary>Who reaches the server socket of the node under test unasked.</summary>
    internal Func<UdpEndpoint, bool> Reaches { get; set; } = _ => true;

    /// <summary>How a node sees a socket of the node under test.</summary>
    internal Func<UdpEndpoint, byte, UdpEndpoint> Sees { get; set; } = (_, socket) => socket == 0 ? Home : Client;

    /// <summary>What requests of an application's commands are answered with; by default a token and nothing else.</summary>
    internal Func<RpcSent, byte[]?> Serves { get; set; } = sent => Response(sent, IdOf(sent.To), Token);

    /// <summary>The nearest twenty that anybody names.</summary>
    internal UdpEndpoint[] Closest(Key256 target) => [.. All.OrderBy(node => IdOf(node) ^ target).Take(20)];

    internal void Join()
    {
        _talk.Node.AddBootstrap(All[0], _talk.Now);
        _talk.Node.Join(_talk.Now);
        _talk.Drain();
        _talk.Pass(TimeSpan.FromSeconds(1));
        _talk.Node.HasJoined.ShouldBeTrue();
    }

    private void Answer(RpcSent sent)
    {
        if (!sent.IsRequest || Silent.Contains(sent.To) || !All.Contains(sent.To))
        {
            return;
        }

        RpcMessage request = sent.Read();
        UdpEndpoint seen = Sees(sent.To, sent.Socket);
        if (!request.IsInternal)
        {
            if (Serves(sent) is { } answer)
            {
                _underWay.Enqueue((answer, sent.To, sent.Socket));
            }
        }
        else if (request.Command == (uint)RpcInternalCommand.PingNat)
        {
            if (Reaches(sent.To))
            {
                _underWay.Enqueue((Response(sent, IdOf(sent.To), to: seen.WithPort(BinaryPrimitives.ReadUInt16LittleEndian(request.Value))), sent.To, 0));
            }
        }
        else
        {
            _underWay.Enqueue((Response(sent, IdOf(sent.To), closer: request.HasTarget ? Closest(request.Target) : null, to: seen), sent.To, sent.Socket));
        }

        if (_delivers)
        {
            return;
        }

        _delivers = true;
        while (_underWay.TryDequeue(out var datagram))
        {
            _talk.Deliver(datagram.Bytes, datagram.From, datagram.Socket);
        }

        _delivers = false;
    }
}
