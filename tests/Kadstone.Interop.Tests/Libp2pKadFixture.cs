using Kadstone.Interop.Tests.Harness;
using Kadstone.Ipfs;

namespace Kadstone.Interop.Tests;

/// <summary>The mixed network of a class of tests: started by the first that asks, for that takes its time.</summary>
public abstract class Libp2pKadFixture(KadScope scope) : IAsyncDisposable
{
    private const int Each = 10;

    private Libp2pKadMix? _mix;

    internal async Task<Libp2pKadMix> MixAsync() => _mix ??= await Libp2pKadMix.StartAsync(Each, scope);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_mix is not null)
        {
            await _mix.DisposeAsync();
        }
    }
}
