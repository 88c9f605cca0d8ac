using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kadstone.Hosting.Telemetry;

namespace Kadstone.Hosting.Tests;

public sealed class TelemetryTests(SmallNetworks networks) : IClassFixture<SmallNetworks>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Instruments_are_written_as_Prometheus_reads_them()
    {
        using Meter meter = new("Test.Prometheus");
        using PrometheusText text = new(of => of.Name == meter.Name);
        Counter<long> counter = meter.CreateCounter<long>("test.requests", "{request}", "Requests with \\ and\na line.");
        counter.Add(2, new KeyValuePair<string, object?>("test.kind", "a\"b\\c\nd"));
        counter.Add(3, new KeyValuePair<string, object?>("test.kind", "a\"b\\c\nd"));
        meter.CreateUpDownCounter<int>("test.open").Add(-1);
        Histogram<double> histogram = meter.CreateHistogram("test.wait", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        histogram.Record(0.05);
        histogram.Record(0.5);
        histogram.Record(5);
        int observed = 0;
        meter.CreateObservableGauge("test.size", () => observed == 0 ? [new Measurement<long>(7)] : Array.Empty<Measurement<long>>(), "By");
        text.Write().ShouldBe(
            """
            # TYPE test_open gauge
            test_open -1
            # HELP test_requests_total Requests with \\ and\na line.
            # TYPE test_requests_total counter
            test_requests_total{test_kind="a\"b\\c\nd"} 5
            # TYPE test_size_bytes gauge
            test_size_bytes 7
            # TYPE test_wait_seconds histogram
            test_wait_seconds_bucket{le="0.1"} 1
            test_wait_seconds_bucket{le="1"} 2
            test_wait_seconds_bucket{le="+Inf"} 3
            test_wait_seconds_sum 5.55
            test_wait_seconds_count 3

            """);
        observed++;
        text.Write().ShouldNotContain("test_size_bytes");
    }

    [Fact]
    public void Of_one_instrument_a_thousand_series_are_kept()
    {
        using Meter meter = new("Test.Prometheus.Many");
        using PrometheusText text = new(of => of.Name == meter.Name);
        Counter<long> counter = meter.CreateCounter<long>("test.many");
        for (int i = 0; i < 5_000; i++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("n", i));
        }

        text.Write().Split('\n').Count(line => line.StartsWith("test_many_total{", StringComparison.Ordinal)).ShouldBe(1_000);
    }

    [Fact]
    public async Task The_nodes_tell_of_each_network_and_of_the_budget()
    {
        // Other tests have nodes in this process, too.
        using OwnMeters meters = new();
        using PrometheusText text = new(meter => meter.Scope == meters);
        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(null, 40), meterFactory: meters, cancellationToken: Cancellation);
        foreach (NetworkNode network in node.Networks)
        {
            await network.WaitForNetworkAsync(Cancellation);
        }

        await node.ProbeAsync(Cancellation);
        string[] lines = text.Write().Split('\n');
        foreach (string network in (string[])["mainline", "hyperswarm", "ipfs"])
        {
            lines.Count(line => line.StartsWith($"kadstone_routing_table_contacts{{kadstone_network=\"{network}\"}}", StringComparison.Ordinal)).ShouldBe(1, network);
            lines.ShouldContain(line => line.StartsWith($"kadstone_message_sent_total{{kadstone_network=\"{network}\"}}", StringComparison.Ordinal), network);
            lines.ShouldContain($"kadstone_probe_count_total{{kadstone_network=\"{network}\",kadstone_outcome=\"answered\"}} 1");
        }

        lines.ShouldContain("kadstone_datagram_budget 200");
        lines.ShouldContain(line => line.StartsWith("kadstone_connection_active{", StringComparison.Ordinal));
        await node.DisposeAsync();
        text.Write().ShouldNotContain("kadstone_datagram_budget ", customMessage: "a closed node tells nothing");
    }

    [Fact]
    public async Task Metrics_and_traces_go_to_the_endpoint_that_was_named()
    {
        using TcpListener collector = new(IPAddress.Loopback, 0);
        collector.Start();
        Task<HashSet<string>> heard = HearAsync(collector);
        KadstoneOptions options = networks.Options(null, 41);

        // A path says that it is HTTP and not gRPC.
        options.OtlpEndpoint = new Uri($"http://127.0.0.1:{((IPEndPoint)collector.LocalEndpoint).Port}/otlp");
        await using (KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: Cancellation))
        {
            await node.ProbeAsync(Cancellation);
        }

        (await heard.WaitAsync(TimeSpan.FromSeconds(30), Cancellation)).ShouldBe(["/otlp/v1/metrics kadstone.datagram.budget", "/otlp/v1/traces kadstone.probe"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_probe_is_an_activity_with_its_network()
    {
        List<string> probed = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == KadstoneTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (probed)
                {
                    probed.Add($"{activity.OperationName} {activity.GetTagItem(KadstoneTelemetry.NetworkTag)}");
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using KadstoneNode node = await KadstoneNode.CreateAsync(networks.Options(null, 42), cancellationToken: Cancellation);
        await node.ProbeAsync(Cancellation);
        lock (probed)
        {
            probed.ShouldContain("kadstone.probe mainline");
            probed.ShouldContain("kadstone.probe ipfs");
        }
    }

    /// <summary>A collector that takes whatever comes until it has heard of both signals.</summary>
    private static async Task<HashSet<string>> HearAsync(TcpListener collector)
    {
        HashSet<string> heard = [];
        while (heard.Count < 2)
        {
            using TcpClient client = await collector.AcceptTcpClientAsync(Cancellation);
            NetworkStream stream = client.GetStream();
            List<byte> bytes = [];
            byte[] buffer = new byte[65_536];
            int missing = 1;
            while (missing > 0)
            {
                int read = await stream.ReadAsync(buffer, Cancellation);
                if (read == 0)
                {
                    break;
                }

                bytes.AddRange(buffer.AsSpan(0, read));
                string text = Encoding.Latin1.GetString([.. bytes]);
                int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                string? length = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
                missing = end < 0 || length is null ? 1 : end + 4 + int.Parse(length.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture) - bytes.Count;
            }

            string request = Encoding.Latin1.GetString([.. bytes]);
            string path = request.Split(' ')[1];
            string expected = path.EndsWith("metrics", StringComparison.Ordinal) ? "kadstone.datagram.budget" : "kadstone.probe";
            if (request.Contains(expected, StringComparison.Ordinal))
            {
                heard.Add($"{path} {expected}");
            }

            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
        }

        return heard;
    }
}
