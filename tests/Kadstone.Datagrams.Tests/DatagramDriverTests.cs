using System.Net;
using System.Net.Sockets;
using Kadstone.Kademlia;
using Microsoft.Extensions.Logging;

namespace Kadstone.Datagrams.Tests;

/// <summary>The facts that hold for both I/O loops.</summary>
public abstract class DatagramDriverTests(bool isPortable)
{
    /// <summary>A guard against hangs, not a measure: nothing here waits this long when it works.</summary>
    private static readonly TimeSpan s_guard = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task A_datagram_goes_there_and_back(string address)
    {
        Assert.SkipUnless(address != "::1" || HasIPv6(), "this machine has no IPv6 loopback");
        IPAddress loopback = IPAddress.Parse(address);
        await using DatagramDriver<ScriptedProtocol> echo = Start(new ScriptedProtocol { Echoes = true }, loopback);
        var heard = new TaskCompletionSource<(string, UdpEndpoint, byte)>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asker = new ScriptedProtocol
        {
            OnReceive = (datagram, from, socket, _) => heard.TrySetResult((Convert.ToHexString(datagram), from, socket)),
        };
        await using DatagramDriver<ScriptedProtocol> driver = Start(asker, loopback);
        UdpEndpoint to = UdpEndpoint.From(echo.LocalEndpoints[0]);
        driver.Run((protocol, _) => protocol.Send(to, [1, 2, 3]));

        (string bytes, UdpEndpoint from, byte socket) = await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        bytes.ShouldBe("010203");
        from.ShouldBe(to);
        socket.ShouldBe((byte)0);

        // What a turn of the loop received is counted when the turn is over: at the end all are.
        await driver.DisposeAsync();
        await echo.DisposeAsync();
        driver.Counters.BytesIn.ShouldBe(3);
        echo.Counters.DatagramsIn.ShouldBe(1);
    }

    [Fact]
    public async Task Two_sockets_of_a_driver_are_told_apart()
    {
        Assert.SkipUnless(HasIPv6(), "this machine has no IPv6 loopback");
        var heard = new TaskCompletionSource<UdpEndpoint[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new UdpEndpoint[2];
        int count = 0;
        var protocol = new ScriptedProtocol
        {
            OnReceive = (_, from, socket, _) =>
            {
                seen[socket] = from;
                if (++count == 2)
                {
                    heard.TrySetResult(seen);
                }
            },
        };
        await using DatagramDriver<ScriptedProtocol> driver = Start(protocol, IPAddress.Loopback, IPAddress.IPv6Loopback);
        UdpEndpoint[] own = [.. driver.LocalEndpoints.Select(UdpEndpoint.From)];
        driver.Run((p, _) =>
        {
            p.Send(own[0], [1], 0);
            p.Send(own[1], [1], 1);
        });
        (await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBe(own);
    }

    [Fact]
    public async Task A_burst_of_256_datagrams_loses_none()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var seen = new HashSet<int>();
        var listener = new ScriptedProtocol
        {
            OnReceive = (datagram, _, _, _) =>
            {
                seen.Add(BitConverter.ToInt32(datagram));
                if (seen.Count == 256)
                {
                    all.TrySetResult();
                }
            },
        };
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        driver.Run((_, _) =>
        {
            // Under the protocol's lock: all 256 wait in the kernel's buffer before the first is handled.
            byte[] datagram = new byte[300];
            for (int i = 0; i < 256; i++)
            {
                BitConverter.TryWriteBytes(datagram, i);
                sender.SendTo(datagram, driver.LocalEndpoints[0]);
            }
        });
        await all.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task More_than_a_batch_is_sent_at_once()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new ScriptedProtocol();
        listener.OnReceive = (_, _, _, _) => _ = listener.Received == 200 && all.TrySetResult();
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        await using DatagramDriver<ScriptedProtocol> sender = Start(new ScriptedProtocol(), IPAddress.Loopback);
        UdpEndpoint to = UdpEndpoint.From(driver.LocalEndpoints[0]);
        sender.Run((protocol, _) =>
        {
            for (int i = 0; i < 200; i++)
            {
                protocol.Send(to, new byte[1 + i]);
            }
        });
        await all.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        await sender.DisposeAsync();
        sender.Counters.DatagramsOut.ShouldBe(200);
        sender.Counters.BytesOut.ShouldBe(200 * 201 / 2);
    }

    [Fact]
    public async Task A_datagram_of_nine_thousand_bytes_is_received_and_a_longer_one_dropped()
    {
        var heard = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new ScriptedProtocol { OnReceive = (datagram, _, _, _) => heard.TrySetResult(datagram.Length) };
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo(new byte[9217], driver.LocalEndpoints[0]);
        sender.SendTo(new byte[9216], driver.LocalEndpoints[0]);
        (await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBe(9216);
        driver.Counters.ReceiveErrors.ShouldBe(1);
    }

    [Fact]
    public async Task An_empty_datagram_is_a_datagram()
    {
        var heard = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new ScriptedProtocol { OnReceive = (datagram, _, _, _) => heard.TrySetResult(datagram.Length) };
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo([], driver.LocalEndpoints[0]);
        (await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task A_deadline_wakes_the_protocol()
    {
        var elapsed = new TaskCompletionSource<Instant>(TaskCreationOptions.RunContinuationsAsynchronously);
        var protocol = new ScriptedProtocol();
        protocol.OnElapse = now => elapsed.TrySetResult(now);
        await using DatagramDriver<ScriptedProtocol> driver = Start(protocol, IPAddress.Loopback);
        Instant due = driver.Now + TimeSpan.FromMilliseconds(30);
        driver.Run((p, _) => p.NextDeadline = due);
        (await elapsed.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBeGreaterThanOrEqualTo(due);
    }

    [Fact]
    public async Task A_deadline_follows_a_clock_that_is_not_the_systems()
    {
        var clock = new SteppedClock();
        var elapsed = new TaskCompletionSource<Instant>(TaskCreationOptions.RunContinuationsAsynchronously);
        var protocol = new ScriptedProtocol { OnElapse = now => elapsed.TrySetResult(now) };
        await using var driver = new DatagramDriver<ScriptedProtocol>(protocol, [UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0))], clock) { IsPortable = isPortable };
        driver.Start();
        Instant due = driver.Now + TimeSpan.FromHours(1);
        driver.Run((p, _) => p.NextDeadline = due);
        await clock.Armed(TimeSpan.FromHours(1)).WaitAsync(s_guard, TestContext.Current.CancellationToken);
        elapsed.Task.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromHours(1));
        (await elapsed.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBe(due);
    }

    [Fact]
    public async Task A_given_socket_is_left_open()
    {
        using var given = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        given.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var driver = new DatagramDriver<ScriptedProtocol>(new ScriptedProtocol { Echoes = true }, [UdpSocket.Wrap(given)]) { IsPortable = isPortable };
        driver.Start();
        await driver.DisposeAsync().AsTask().WaitAsync(s_guard, TestContext.Current.CancellationToken);

        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo([42], given.LocalEndPoint!);
        byte[] buffer = new byte[8];
        given.ReceiveTimeout = 30_000;
        given.Receive(buffer).ShouldBe(1);
        driver.Counters.DatagramsIn.ShouldBe(0);
    }

    [Fact]
    public async Task An_own_socket_is_closed()
    {
        DatagramDriver<ScriptedProtocol> driver = Start(new ScriptedProtocol(), IPAddress.Loopback);
        await driver.DisposeAsync();
        using UdpSocket again = UdpSocket.Open(driver.LocalEndpoints[0]);
        again.LocalEndpoint.ShouldBe(driver.LocalEndpoints[0]);
    }

    [Fact]
    public async Task What_was_to_be_sent_at_the_end_is_sent()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new ScriptedProtocol();
        listener.OnReceive = (_, _, _, _) => _ = listener.Received == 100 && all.TrySetResult();
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        DatagramDriver<ScriptedProtocol> leaving = Start(new ScriptedProtocol(), IPAddress.Loopback);
        UdpEndpoint to = UdpEndpoint.From(driver.LocalEndpoints[0]);
        leaving.Run((protocol, _) =>
        {
            for (int i = 0; i < 100; i++)
            {
                protocol.Send(to, [1]);
            }
        });
        await leaving.DisposeAsync();
        await all.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task It_can_be_disposed_again_and_before_it_started()
    {
        DatagramDriver<ScriptedProtocol> driver = Start(new ScriptedProtocol(), IPAddress.Loopback);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => driver.DisposeAsync().AsTask())).WaitAsync(s_guard, TestContext.Current.CancellationToken);
        await driver.DisposeAsync();
        Should.Throw<ObjectDisposedException>(driver.Start);
        driver.Run(1, (_, one, _) => one + 1).ShouldBe(2);

        var idle = new DatagramDriver<ScriptedProtocol>(new ScriptedProtocol(), [UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0))]) { IsPortable = isPortable };
        await idle.DisposeAsync().AsTask().WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task It_can_be_disposed_from_a_callback_even_by_one_who_blocks()
    {
        var returned = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        DatagramDriver<ScriptedProtocol>? driver = null;
        var protocol = new ScriptedProtocol
        {
            OnReceive = (_, _, _, _) =>
            {
                driver!.DisposeAsync().AsTask().Wait();
                returned.TrySetResult();
            },
        };
        driver = Start(protocol, IPAddress.Loopback);
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        sender.SendTo([1], driver.LocalEndpoints[0]);
        await returned.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        await driver.DisposeAsync().AsTask().WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_protocol_that_throws_is_logged_once_and_served_on()
    {
        var log = new CountingLog();
        var after = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int call = 0;
        var protocol = new ScriptedProtocol
        {
            OnReceive = (_, _, _, _) =>
            {
                if (++call < 4)
                {
                    throw new InvalidOperationException("a bug");
                }

                after.TrySetResult();
            },
        };
        await using var driver = new DatagramDriver<ScriptedProtocol>(protocol, [UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0))], null, log) { IsPortable = isPortable };
        driver.Start();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        for (int i = 0; i < 4; i++)
        {
            sender.SendTo([1], driver.LocalEndpoints[0]);
        }

        await after.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        driver.Counters.ProtocolFaults.ShouldBe(3);
        log.Errors.ShouldBe(1);
    }

    [Fact]
    public async Task A_protocol_that_throws_at_its_deadline_is_asked_again_later()
    {
        var again = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int call = 0;
        var protocol = new ScriptedProtocol { NextDeadline = new Instant(0) };
        protocol.OnElapse = _ =>
        {
            if (++call < 3)
            {
                protocol.NextDeadline = new Instant(0);
                throw new InvalidOperationException("a bug");
            }

            again.TrySetResult();
        };
        await using DatagramDriver<ScriptedProtocol> driver = Start(protocol, IPAddress.Loopback);
        await again.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_cannot_be_sent_is_counted_and_what_follows_is_sent()
    {
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using DatagramDriver<ScriptedProtocol> listener = Start(new ScriptedProtocol { OnReceive = (_, _, _, _) => heard.TrySetResult() }, IPAddress.Loopback);
        DatagramDriver<ScriptedProtocol> sender = Start(new ScriptedProtocol(), IPAddress.Loopback);
        sender.Run((protocol, _) =>
        {
            protocol.Send(UdpEndpoint.FromIPv6(0x20010DB800000000, 1, 1), [1]);
            protocol.Send(UdpEndpoint.FromIPv4(0x7F000001, 0), [1]);
            protocol.Send(UdpEndpoint.From(listener.LocalEndpoints[0]), [1]);
        });
        await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        await sender.DisposeAsync();
        sender.Counters.SendErrors.ShouldBe(2);
        sender.Counters.DatagramsOut.ShouldBe(1);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_does_not_stop_the_loop()
    {
        IPEndPoint closed;
        using (UdpSocket gone = UdpSocket.Open(new IPEndPoint(IPAddress.Loopback, 0)))
        {
            closed = gone.LocalEndpoint;
        }

        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using DatagramDriver<ScriptedProtocol> driver = Start(new ScriptedProtocol { OnReceive = (_, _, _, _) => heard.TrySetResult() }, IPAddress.Loopback);
        driver.Run((protocol, _) =>
        {
            for (int i = 0; i < 10; i++)
            {
                protocol.Send(UdpEndpoint.From(closed), [1]);
            }

            protocol.Send(UdpEndpoint.From(driver.LocalEndpoints[0]), [1]);
        });
        await heard.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Many_threads_may_run_while_datagrams_come()
    {
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = new ScriptedProtocol();
        listener.OnReceive = (_, _, _, _) => _ = listener.Received == 400 && all.TrySetResult();
        await using DatagramDriver<ScriptedProtocol> driver = Start(listener, IPAddress.Loopback);
        UdpEndpoint self = UdpEndpoint.From(driver.LocalEndpoints[0]);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                driver.Run((protocol, _) => protocol.Send(self, [1]));
            }
        })));
        await all.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Starting_and_ending_over_and_over_leaves_no_descriptors_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "counts /proc/self/fd");
        await Cycle();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 20; i++)
        {
            await Cycle();
        }

        // The thread of the test before may end meanwhile, and the runtime opens what it likes; twenty leaked sockets would show.
        Directory.GetFiles("/proc/self/fd").Length.ShouldBeLessThan(before + 10);

        async Task Cycle()
        {
            DatagramDriver<ScriptedProtocol> driver = Start(new ScriptedProtocol(), IPAddress.Loopback);
            await driver.DisposeAsync().AsTask().WaitAsync(s_guard, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_thousand_round_trips_allocate_nothing()
    {
        Assert.SkipWhen(isPortable, "the thread that receives is asserted on where one thread does all");
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        long before = 0;
        long least = long.MaxValue;
        var protocol = new ScriptedProtocol { Echoes = true };
        protocol.OnReceive = (_, _, _, _) =>
        {
            // It echoes to itself, for ever: the I/O thread does nothing else meanwhile. The best of five thousands: the runtime compiles now and then.
            if (protocol.Received % 1000 != 0)
            {
                return;
            }

            least = protocol.Received > 1000 ? Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before) : least;
            if (protocol.Received == 6000)
            {
                done.TrySetResult(least);
                protocol.Echoes = false;
            }

            before = GC.GetAllocatedBytesForCurrentThread();
        };
        await using DatagramDriver<ScriptedProtocol> driver = Start(protocol, IPAddress.Loopback);
        driver.Run((p, _) => p.Send(UdpEndpoint.From(driver.LocalEndpoints[0]), [1, 2, 3]));
        (await done.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Twenty_drivers_share_one_thread()
    {
        Assert.SkipWhen(isPortable, "the portable loop has its own threads");
        var threads = new HashSet<int>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int heard = 0;
        var drivers = new List<DatagramDriver<ScriptedProtocol>>();
        for (int i = 0; i < 20; i++)
        {
            drivers.Add(Start(
                new ScriptedProtocol
                {
                    OnReceive = (_, _, _, _) =>
                    {
                        lock (threads)
                        {
                            threads.Add(Environment.CurrentManagedThreadId);
                        }

                        if (Interlocked.Increment(ref heard) == 20)
                        {
                            all.TrySetResult();
                        }
                    },
                },
                IPAddress.Loopback));
        }

        UdpEndpoint[] endpoints = [.. drivers.Select(driver => UdpEndpoint.From(driver.LocalEndpoints[0]))];
        for (int i = 0; i < 20; i++)
        {
            UdpEndpoint next = endpoints[(i + 1) % 20];
            drivers[i].Run((protocol, _) => protocol.Send(next, [1]));
        }

        await all.Task.WaitAsync(s_guard, TestContext.Current.CancellationToken);
        threads.Count.ShouldBe(1);
        await Task.WhenAll(drivers.Select(driver => driver.DisposeAsync().AsTask())).WaitAsync(s_guard, TestContext.Current.CancellationToken);
    }

    private static bool HasIPv6()
    {
        try
        {
            UdpSocket.Open(new IPEndPoint(IPAddress.IPv6Loopback, 0)).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private DatagramDriver<ScriptedProtocol> Start(ScriptedProtocol protocol, params IPAddress[] addresses)
    {
        var driver = new DatagramDriver<ScriptedProtocol>(protocol, [.. addresses.Select(address => UdpSocket.Open(new IPEndPoint(address, 0)))])
        {
            IsPortable = isPortable,
        };
        driver.Start();
        return driver;
    }

    private sealed class CountingLog : ILoggerFactory, ILogger
    {
        public int Errors { get; private set; }

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Errors += logLevel == LogLevel.Error ? 1 : 0;

        public void Dispose()
        {
        }
    }
}

/// <summary>The epoll loop.</summary>
[Collection("Sockets")]
public sealed class LinuxDatagramDriverTests() : DatagramDriverTests(isPortable: false);

/// <summary>The loop of all other systems, which runs on Linux as well.</summary>
[Collection("Sockets")]
public sealed class PortableDatagramDriverTests() : DatagramDriverTests(isPortable: true);
