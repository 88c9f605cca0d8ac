namespace Kadstone.Simulation;

/// <summary>What streams ask of the network below them.</summary>
public sealed partial class SimulatedNetwork
{
    private const int MostRetransmissions = 15;

    /// <summary>What was sent on streams, each time that it was.</summary>
    internal long StreamPackets { get; private set; }

    /// <summary>What of it was lost.</summary>
    internal long StreamPacketsLost { get; private set; }

    /// <summary>How long until something sent on a stream now has come through. What is lost is sent again, later each time.</summary>
    internal TimeSpan Crossing(SimulatedHost from, SimulatedHost to, TimeSpan retransmission)
    {
        Link link = LinkOf(from, to);
        TimeSpan waited = TimeSpan.Zero;
        for (int i = 0; i < MostRetransmissions && link.Loses((uint)Mixing.Draw(ref _linkChance)); i++)
        {
            waited += retransmission;
            retransmission *= 2;
            StreamPacketsLost++;
            StreamPackets++;
        }

        StreamPackets++;
        return waited + new TimeSpan(link.OneWay(PairOf(from.Index, to.Index), (uint)Mixing.Draw(ref _linkChance)));
    }

    internal bool AreApart(SimulatedHost one, SimulatedHost other) => _side is not null && one.Side != other.Side;

    /// <summary>Chance of the links, from 0 to 1.</summary>
    internal double DrawForLink() => Mixing.Draw(ref _linkChance) / (double)ulong.MaxValue;

    internal void TraceStream(int step, SimulatedHost from, SimulatedHost to, ReadOnlySpan<byte> bytes)
    {
        ulong hash = Mixing.Fold(TraceHash, (ulong)Now.Ticks);
        hash = Mixing.Fold(hash, ((ulong)(uint)from.Index << 32) | (uint)to.Index);
        TraceHash = Mixing.Fold(hash, Mixing.Bytes(bytes) + ((ulong)(uint)step << 56));
    }
}
