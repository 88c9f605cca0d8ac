using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Kadstone.Architecture.Tests;

#pragma warning disable CS0169, CS0414, CS0649, CA1001, CA1002, CA1008, CA1051, CA1802, CA1812, CA1823, CA1051, CA1822, CA1848, CA2254, CA2201, CA1416, IDE0044, IDE0051, IDE0052, IDE0060
/// <summary>What the purity test must catch, one a type, and at the end what it must not.</summary>
internal static class Impurities
{
    internal sealed class Locks
    {
        private readonly object _gate = new();
        private int _count;

        public int Next()
        {
            lock (_gate)
            {
                return ++_count;
            }
        }
    }

    internal sealed class LocksALock
    {
        public static int Next(object gate)
        {
            lock ((Lock)gate)
            {
                return 1;
            }
        }
    }

    internal sealed class Interlocks
    {
        private int _count;

        public int Next() => Interlocked.Increment(ref _count);
    }

    internal sealed class KeepsATask
    {
        private Task? _running;
    }

    internal abstract class ReturnsAValueTask
    {
        public abstract ValueTask<int> Count();
    }

    internal sealed class Awaits
    {
        public async IAsyncEnumerable<int> Count()
        {
            await Task.Yield();
            yield return 1;
        }
    }

    internal interface TakesACancellationToken
    {
        void Run(CancellationToken cancellationToken);
    }

    internal sealed class KeepsATimer
    {
        private Timer? _timer;
    }

    internal sealed class KeepsManyTimers
    {
        private List<PeriodicTimer[]>? _timers;
    }

    internal sealed class OpensASocket
    {
        public static object Open() => new Socket(SocketType.Dgram, ProtocolType.Udp);
    }

    internal sealed class ReadsTheClock
    {
        public static long Now => DateTime.UtcNow.Ticks;
    }

    internal sealed class ReadsTheLocalClock
    {
        public static long Now => DateTime.Now.Ticks + DateTime.Today.Ticks;
    }

    internal sealed class ReadsTheOffsetClock
    {
        public static long Now => DateTimeOffset.UtcNow.Ticks;
    }

    internal sealed class TakesATimeProvider
    {
        public static long Now(TimeProvider time) => time.GetTimestamp();
    }

    internal sealed class Measures
    {
        public static long Now => Stopwatch.GetTimestamp();
    }

    internal sealed class AsksTheEnvironment
    {
        public static long Now => Environment.TickCount64;
    }

    internal sealed class Prints
    {
        public static void Print() => Console.WriteLine();
    }

    internal sealed class ReadsAFile
    {
        public static string Read(string path) => File.ReadAllText(path);
    }

    internal sealed class Logs
    {
        public static object? Logger(IServiceProvider services) => services as ILogger;
    }

    internal sealed class SharesChance
    {
        public static int Draw() => Random.Shared.Next();
    }

    internal sealed class MakesChance
    {
        public static int Draw() => new Random().Next();
    }

    internal sealed class DrawsSecrets
    {
        public static void Draw(Span<byte> secret) => RandomNumberGenerator.Fill(secret);
    }

    internal sealed class MakesAGuid
    {
        public static Guid Draw() => Guid.NewGuid();
    }

    internal sealed class HidesItInAClosure
    {
        public static Func<long> Clock(long offset) => () => DateTime.UtcNow.Ticks + offset;
    }

    internal sealed class HidesItInAnIterator
    {
        public static IEnumerable<long> Ticks()
        {
            yield return Environment.TickCount64;
        }
    }

    internal sealed class HidesItInATypeArgument
    {
        public static object Make() => Array.Empty<Dictionary<int, Lock>>();
    }

    internal sealed class Inherits : TimeProvider;

    internal sealed class Constrains<T>
        where T : Stream;

    /// <summary>A seed, a date that was handed in, an iterator, an exception, a comparison of a span: all of that is pure.</summary>
    internal sealed class Innocent(Random chance, DateTimeOffset from)
    {
        private readonly Random _seeded = new(7);
        private Func<int>? _draw;

        public IEnumerable<int> Draws()
        {
            _draw ??= () => _seeded.Next() + chance.Next();
            yield return _draw();
            yield return from.Add(TimeSpan.FromSeconds(1)).Year;
        }

        public static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
            left.Length == right.Length ? left.SequenceEqual(right) : throw new ArgumentException("They differ in length.", nameof(right));
    }
}
