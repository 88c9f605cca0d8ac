using System.Runtime.CompilerServices;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kadstone.Hosting.Telemetry;

/// <summary>Sends metrics and traces by OTLP. Nobody who does not ask for it loads OpenTelemetry.</summary>
internal static class OtlpExport
{
    private const int HttpPort = 4318;

    internal static IDisposable? Start(Uri? endpoint) => endpoint is null ? null : StartSending(endpoint);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Providers StartSending(Uri endpoint)
    {
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService("kadstone", serviceVersion: typeof(OtlpExport).Assembly.GetName().Version?.ToString(3));
        return new Providers(
            Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(KadstoneTelemetry.Name + ".*").AddOtlpExporter(options => Configure(options, endpoint, "v1/metrics")).Build(),
            Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(KadstoneTelemetry.Name).AddOtlpExporter(options => Configure(options, endpoint, "v1/traces")).Build());
    }

    // By the ports that OTLP has; the SDK appends a signal's path only to addresses that it found itself.
    private static void Configure(OtlpExporterOptions options, Uri endpoint, string path)
    {
        bool isHttp = endpoint.Port == HttpPort || endpoint.AbsolutePath != "/";
        options.Protocol = isHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;
        options.Endpoint = isHttp ? new Uri(endpoint.AbsoluteUri.TrimEnd('/') + "/" + path) : endpoint;
    }

    private sealed class Providers(MeterProvider metrics, TracerProvider traces) : IDisposable
    {
        private const int PatienceMilliseconds = 1_000;

        public void Dispose()
        {
            // A collector that is away must not hold up the end.
            metrics.Shutdown(PatienceMilliseconds);
            traces.Shutdown(PatienceMilliseconds);
            metrics.Dispose();
            traces.Dispose();
        }
    }
}
