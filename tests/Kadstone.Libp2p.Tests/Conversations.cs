using System.Diagnostics;

namespace Kadstone.Libp2p.Tests;

/// <summary>Bent conversations: a fresh side each, which hears some bent messages until it ends. The same again when something was amiss, so that only what comes each time counts.</summary>
internal static class Conversations
{
    private const int Attempts = 5;
    private static readonly TimeSpan s_hang = TimeSpan.FromMilliseconds(50);

    /// <summary>One side of a conversation.</summary>
    internal interface IHearer : IDisposable
    {
        /// <summary>Takes a message; what it then asserts of itself is not counted.</summary>
        /// <returns>False once the conversation is over.</returns>
        bool Hear(ReadOnlySpan<byte> message);

        /// <summary>Asserts what must hold between two messages.</summary>
        void Check();
    }

    /// <summary>Holds conversations until so many messages were heard, each message within its time and each conversation within <see cref="HostileBytes.MostFor"/>.</summary>
    /// <param name="seed">What the messages come from.</param>
    /// <param name="corpus">What is bent.</param>
    /// <param name="longest">How many messages a conversation has at most.</param>
    /// <param name="begin">A fresh side; called with the same number it does the same.</param>
    /// <param name="count">How many messages. Null: <see cref="BentBytes.Count"/>.</param>
    /// <returns>How many conversations were held, and how many of them came to their end.</returns>
    internal static (int Held, int Whole) Hold(int seed, byte[][] corpus, int longest, Func<int, IHearer> begin, int? count = null)
    {
        HostileBytes source = new(corpus, seed);
        byte[][] messages = new byte[longest][];
        int held = 0;
        int whole = 0;
        for (int heard = 0; heard < (count ?? BentBytes.Count); held++)
        {
            for (int i = 0; i < longest; i++)
            {
                messages[i] = source.Next().ToArray();
            }

            int taken = HoldOne(messages, () => begin(held), $"seed {seed}, conversation {held}");
            heard += taken;
            whole += taken == longest ? 1 : 0;
        }

        return (held, whole);
    }

    private static int HoldOne(byte[][] messages, Func<IHearer> begin, string what)
    {
        for (int attempt = 1; ; attempt++)
        {
            int heard = 0;
            long allocated = 0;
            int length = 0;
            TimeSpan took = default;
            try
            {
                using IHearer hearer = begin();
                for (bool goesOn = true; goesOn && heard < messages.Length; heard++)
                {
                    long start = Stopwatch.GetTimestamp();
                    long before = GC.GetAllocatedBytesForCurrentThread();
                    goesOn = hearer.Hear(messages[heard]);
                    allocated += GC.GetAllocatedBytesForCurrentThread() - before;
                    TimeSpan one = Stopwatch.GetElapsedTime(start);
                    took = one > took ? one : took;
                    length += messages[heard].Length;
                    hearer.Check();
                }
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{what}: {string.Join(' ', messages.Take(heard + 1).Select(Convert.ToHexStringLower))}", exception);
            }

            if (took <= s_hang && allocated <= HostileBytes.MostFor(length))
            {
                return heard;
            }

            if (attempt == Attempts)
            {
                throw new InvalidOperationException($"{what}: {took.TotalMilliseconds:0.0} ms and {allocated} bytes for {length}, {Attempts} times in a row: {string.Join(' ', messages.Select(Convert.ToHexStringLower))}");
            }
        }
    }
}
