using Kadstone.Libp2p.Core;

namespace Kadstone.Libp2p.Tests.Core;

/// <summary>Bent conversations: a session ends or goes on, but never throws, hangs, or holds more than what came and a fixed rest.</summary>
public sealed class HostileSessionTests
{
    private static readonly int s_count = HostileBytes.Count / 100;

    private static readonly byte[][] s_yamuxFrames = [.. LibP2pVectors.List("yamux").Select(item => item.Hex("bytes"))];

    [Fact]
    public void Choices_of_a_protocol()
    {
        byte[][] corpus = [.. LibP2pVectors.List("multistream").Select(item => item.Hex("bytes"))];
        corpus = [.. corpus, [.. corpus.SelectMany(line => line)]];
        HostileBytes messages = new(corpus, 3101);
        int ended = 0;
        for (int i = 0; i < s_count * 10; i++)
        {
            Negotiation side = i % 2 == 0 ? Negotiation.Choose(protocol => protocol == "/noise") : Negotiation.Propose("/noise", "/other");
            ByteQueue input = new();
            ByteQueue output = new();
            for (int part = 0; part < 3; part++)
            {
                input.Append(messages.Next());
                side.Advance(input, output);
                output.Length.ShouldBeLessThan(4096);
            }

            ended += side.State == NegotiationState.Open ? 0 : 1;
            input.Clear();
            output.Clear();
        }

        ended.ShouldBePositive();
    }

    [Fact]
    public void Frames_of_a_session()
    {
        // Frames with and without bodies, in an order that opens, fills, ends and resets.
        byte[] conversation = [.. s_yamuxFrames.SelectMany(frame => frame[1] == 0 ? [.. frame, .. new byte[20]] : frame)];
        HostileBytes messages = new([.. s_yamuxFrames, conversation, conversation], 3102);
        Random chance = new(3102);
        int survived = 0;
        for (int i = 0; i < s_count; i++)
        {
            YamuxLimits limits = new();
            YamuxSession session = new(limits, isInitiator: chance.Next(2) == 0, chance, TimeSpan.Zero);
            List<YamuxStream> opened = [session.Open()!];
            session.Opened = opened.Add;
            long received = 0;
            for (int part = 0; part < 20 && session.End is null; part++)
            {
                ReadOnlySpan<byte> message = messages.Next();
                received += message.Length;
                session.Receive(message, TimeSpan.FromMilliseconds(part));
                session.Unread.ShouldBeInRange(0, (int)received);
                opened.Sum(stream => stream.Incoming.Length).ShouldBe(session.Unread);
                session.StreamCount.ShouldBeLessThanOrEqualTo(limits.InboundStreams + 1);
                session.Output.Length.ShouldBeLessThan(limits.UnsentBytes + (12 * message.Length));
            }

            survived += session.End is null ? 1 : 0;
            session.Close(ConnectionEnd.Closed);
            (session.StreamCount, session.Unread).ShouldBe((0, 0));
            session.Output.Clear();
        }

        survived.ShouldBePositive("else the bent frames never come beyond the first");
    }

    [Fact]
    public void Whole_connections_with_a_bent_byte_anywhere_before_the_cipher()
    {
        // What one side says until the session stands, recorded, then bent and told to a fresh other side.
        byte[][] told = [.. Transcripts()];
        HostileBytes messages = new(told, 3103);
        for (int i = 0; i < s_count; i++)
        {
            using ConnectedPair pair = new(seed: 3);
            byte[] buffer = new byte[64 * 1024];
            while (pair.Listener.Transmit(buffer) > 0)
            {
            }

            ReadOnlySpan<byte> message = messages.Next();
            long before = GC.GetAllocatedBytesForCurrentThread();
            pair.Listener.Receive(message, pair.Now);
            while (pair.Listener.Transmit(buffer) > 0)
            {
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((2 * message.Length) + (64 * 1024));
            pair.Listener.RemoteKey.ShouldBeNull("its ephemeral key is new: nothing recorded proves anything");
            pair.Listener.Phase.ShouldBeOneOf(ConnectionPhase.ChoosingSecurity, ConnectionPhase.Handshaking, ConnectionPhase.Ended);
            pair.Listener.Elapse(pair.Now + TimeSpan.FromSeconds(11));
            pair.Listener.Phase.ShouldBe(ConnectionPhase.Ended);
        }
    }

    [Fact]
    public void Well_sealed_nonsense_after_the_handshake()
    {
        HostileBytes messages = new(s_yamuxFrames, 3104);
        byte[] sealedBytes = new byte[16 * 1024];
        int ended = 0;
        for (int i = 0; i < s_count / 4; i++)
        {
            using ConnectedPair pair = new(seed: i);
            pair.Carry();
            ProtocolStream stream = pair.Dialer.OpenStream(["/spoken/1"], pair.Now).ShouldNotBeNull();
            pair.Carry();
            for (int part = 0; part < 10 && pair.Listener.End is null; part++)
            {
                // The dialer's own stream carries the nonsense to the protocol, where it is data.
                stream.Write(messages.Next());
                pair.Carry();
                pair.Accepted[0].Read(sealedBytes);
            }

            pair.Listener.End.ShouldBeNull("bytes of a stream do nothing to the session");
            pair.Dialer.Close(ConnectionEnd.OverBudget);
            pair.Carry();
            ended += pair.Listener.End is null ? 0 : 1;
        }

        ended.ShouldBe(s_count / 4);
    }

    private static IEnumerable<byte[]> Transcripts()
    {
        foreach (bool early in new[] { true, false })
        {
            using ConnectedPair pair = new(early, seed: 9);
            byte[] buffer = new byte[64 * 1024];
            List<byte> said = [];
            for (int round = 0; round < 6; round++)
            {
                int count = pair.Dialer.Transmit(buffer);
                said.AddRange(buffer.AsSpan(0, count));
                pair.Listener.Receive(buffer.AsSpan(0, count), pair.Now);
                count = pair.Listener.Transmit(buffer);
                pair.Dialer.Receive(buffer.AsSpan(0, count), pair.Now);
            }

            yield return [.. said];
        }
    }
}
