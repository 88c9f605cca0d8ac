using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Kadstone.Hosting.Networks;

/// <summary>The nodes' life within a host: made at its start, saved now and again and at its end.</summary>
internal sealed class KadstoneService(IOptions<KadstoneOptions> options, ILoggerFactory loggers, IMeterFactory? meters = null, TimeProvider? time = null) : IHostedService, IAsyncDisposable
{
    private static readonly TimeSpan s_savePause = TimeSpan.FromMinutes(5);

    private KadstoneNode? _node;
    private ITimer? _saving;

    /// <exception cref="InvalidOperationException">The host has not started yet.</exception>
    internal KadstoneNode Node => _node ?? throw new InvalidOperationException("The nodes are made when the host starts; before that there is none.");

    internal KadstoneNode? NodeOrNull => _node;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        TimeProvider clock = time ?? TimeProvider.System;
        KadstoneNode node = await KadstoneNode.CreateAsync(options.Value, loggers, clock, meters, cancellationToken).ConfigureAwait(false);
        _node = node;
        _saving = clock.CreateTimer(_ => node.TrySave(), null, s_savePause, s_savePause);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_saving is not null)
        {
            await _saving.DisposeAsync().ConfigureAwait(false);
            _saving = null;
        }

        if (_node is not null)
        {
            _node.TrySave();
            await _node.DisposeAsync().AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    // A host that is disposed without being stopped.
    public ValueTask DisposeAsync() => new(StopAsync(CancellationToken.None));
}
