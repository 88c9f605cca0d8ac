namespace Kadstone.Storage.Tests.Postgres;

/// <summary>One server for all tests that leave it as it is; each test has schemas of its own in it. Started by the first that asks.</summary>
public sealed class SharedPostgresServer : IAsyncDisposable
{
    private readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync(isDurable: false));

    internal Task<PostgresServer> GetAsync()
    {
        Assert.SkipUnless(PostgresServer.IsInstalled, PostgresServer.Missing);
        return _server.Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated)
        {
            await (await _server.Value).DisposeAsync();
        }
    }
}
