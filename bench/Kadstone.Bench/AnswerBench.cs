using System.Diagnostics;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline;
using Kadstone.Mainline.Core;
using Kadstone.Mainline.Core.Peers;

namespace Kadstone.Bench;

/// <summary>What answering one query costs without a socket, in processor time, which other work on the machine moves least: the protocol is handed a datagram and hands back its answer.</summary>
internal static class AnswerBench
{
    internal sealed record AnswerFigures(string Query, string Limits, long Answers, double NanosecondsPerAnswer, double BytesAllocatedPerAnswer, int AnswerBytes);

    private static readonly string[] Queries = ["ping", "find_node", "get_peers", "announce_peer"];

    public static int Run(Arguments arguments)
    {
        arguments.AllowOnly(operands: 0, "seconds", "contacts");
        TimeSpan duration = TimeSpan.FromSeconds(arguments.Number("seconds", byDefault: 2, atMost: 60));
        int contacts = arguments.Number("contacts", byDefault: 2000, atMost: 100_000);
        foreach (bool isLimited in (bool[])[false, true])
        {
            foreach (string query in Queries)
            {
                Report.Write(Answer(query, contacts, isLimited, duration));
            }
        }

        return 0;
    }

    /// <summary>Warms up first, then counts with GC.GetAllocatedBytesForCurrentThread around the window.</summary>
    private static AnswerFigures Answer(string query, int contacts, bool isLimited, TimeSpan duration)
    {
        Random chance = new(1);
        Instant now = new(TimeSpan.TicksPerDay);
        CoreSettings settings = new()
        {
            Scope = AddressScope.Private,
            Diversity = false,
            Limits = isLimited ? new RateLimits { SourceRate = 1_000_000_000, SourceBurst = 1_000_000_000, HostRate = 1_000_000_000, HostBurst = 1_000_000_000, PrefixRate = 1_000_000_000, PrefixBurst = 1_000_000_000, TotalRate = 1_000_000_000 } : RateLimits.None,
            Serving = ServingMode.Always,
            Peers = new PeerTableOptions().WithoutDiversity(),
        };
        UdpEndpoint bound = UdpEndpoint.FromIPv4(0x7F000001, 6881);
        MainlineProtocol protocol = new(settings, [bound], [Keyspace.Random<Key160>(chance)], chance, now);
        for (int i = 0; i < contacts; i++)
        {
            protocol.Locals[0].Table.Admit(new NodeContact(Keyspace.Random<Key160>(chance), UdpEndpoint.FromIPv4(0x7F100000u + (uint)i, 7000)), now);
        }

        UdpEndpoint asker = UdpEndpoint.FromIPv4(0x7F400001, 5000);
        protocol.Limiter.Prove(asker, now);
        byte[][] packets = Packets(protocol, query, asker, chance, now);
        byte[] buffer = new byte[2048];
        long answers = 0;
        int answerBytes = 0;
        long allocated = 0;
        TimeSpan spent = TimeSpan.Zero;
        for (int window = 0; window < 4; window++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Stopwatch.GetTimestamp();
            TimeSpan processor = Environment.CpuUsage.TotalTime;
            answers = 0;
            while (Stopwatch.GetElapsedTime(start) < duration / 4)
            {
                for (int i = 0; i < 1_000; i++)
                {
                    protocol.Receive(packets[i & 63], asker, 0, now);
                    while (protocol.TryTransmit(buffer, now, out Transmit transmit))
                    {
                        answerBytes = transmit.Length;
                        answers++;
                    }
                }

                now += TimeSpan.FromMilliseconds(1);
                if (protocol.NextDeadline <= now)
                {
                    protocol.Elapse(now);
                    while (protocol.TryTransmit(buffer, now, out _))
                    {
                        // Upkeep's own questions are no answers.
                    }
                }
            }

            spent = Environment.CpuUsage.TotalTime - processor;
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        return new AnswerFigures(query, isLimited ? "on" : "off", answers, spent.TotalNanoseconds / answers, (double)allocated / answers, answerBytes);
    }

    private static byte[][] Packets(MainlineProtocol protocol, string query, UdpEndpoint asker, Random chance, Instant now)
    {
        byte[][] packets = new byte[64][];
        byte[] buffer = new byte[2048];
        Key160 id = Keyspace.Random<Key160>(chance);
        for (int i = 0; i < packets.Length; i++)
        {
            Key160 target = Keyspace.Random<Key160>(chance);
            byte[] token = [];
            if (query == "announce_peer")
            {
                protocol.Receive(Packet("get_peers", id, target, token, i), asker, 0, now);
                while (protocol.TryTransmit(buffer, now, out Transmit transmit))
                {
                    if (KrpcReader.TryRead(buffer.AsSpan(0, transmit.Length), out KrpcMessage answer, out _) && answer.HasToken)
                    {
                        token = answer.Token.ToArray();
                    }
                }
            }

            packets[i] = Packet(query, id, target, token, i);
        }

        return packets;
    }

    private static byte[] Packet(string query, Key160 id, Key160 target, byte[] token, int port)
    {
        byte[] buffer = new byte[512];
        KrpcWriter writer = new(buffer);
        writer.BeginQuery(id);
        switch (query)
        {
            case "find_node":
                writer.Key("6:target"u8, target);
                break;
            case "get_peers":
                writer.Key("9:info_hash"u8, target);
                break;
            case "announce_peer":
                writer.Key("9:info_hash"u8, target);
                writer.Integer("4:port"u8, 1024 + port);
                writer.Bytes("5:token"u8, token);
                break;
            default:
                break;
        }

        writer.EndQuery(System.Text.Encoding.ASCII.GetBytes(query), readOnly: false, "abcd"u8, default);
        return buffer[..writer.Length];
    }
}
