using System.Runtime.CompilerServices;
using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>The connections to the server: lends them, repeats what may pass, and says what does not in the store's words.</summary>
internal sealed class Database : IAsyncDisposable
{
    // Together about half a second, so that a caller hears of an absent server well before its patience ends.
    private static readonly TimeSpan[] s_pauses = [.. ((int[])[5, 20, 50, 100, 200]).Select(milliseconds => TimeSpan.FromMilliseconds(milliseconds))];

    private readonly NpgsqlDataSource _source;

    public Database(string connectionString, PostgresStoreOptions options)
    {
        NpgsqlConnectionStringBuilder settings = new(connectionString);
        int patience = (int)Math.Ceiling(options.Patience.TotalSeconds);
        Default("Maximum Pool Size", options.MaxConnections);
        Default("Timeout", patience);
        Default("Command Timeout", patience);
        Default("Cancellation Timeout", 500);
        Default("Max Auto Prepare", 32);
        Default("Auto Prepare Min Usages", 2);
        Default("Application Name", "kadstone");

        // Nothing here changes a session, so there is nothing to reset between two uses.
        Default("No Reset On Close", true);
        Name = $"postgres://{settings.Host}:{settings.Port}/{settings.Database}";
        NpgsqlSlimDataSourceBuilder builder = new(settings.ConnectionString);
        builder.EnableArrays();
        builder.EnableTransportSecurity();
        _source = builder.Build();

        void Default(string keyword, object value)
        {
            if (!settings.ContainsKey(keyword) || !settings.ShouldSerialize(keyword))
            {
                settings[keyword] = value;
            }
        }
    }

    /// <summary>Host, port and database: never the password.</summary>
    public string Name { get; }

    /// <summary>Runs <paramref name="work"/> on a connection, again from its beginning if a failure may pass.</summary>
    /// <exception cref="StoreUnavailableException">It failed; the driver's exception is inside.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                NpgsqlConnection connection = await _source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
                await using ConfiguredAsyncDisposable connectionLifetime = connection.ConfigureAwait(false);
                return await work(connection, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception) when (attempt < s_pauses.Length && SqlFailure.MayPass(exception))
            {
                if (SqlFailure.IsGone(exception))
                {
                    _source.Clear();
                }
            }
            catch (Exception exception) when (SqlFailure.IsOne(exception))
            {
                throw SqlFailure.Describe(Name, exception);
            }

            // Two heads that met in a deadlock shall not meet again. The pause is the network's and not the store's clock, which may stand still.
            await Task.Delay(s_pauses[attempt] * (0.5 + Random.Shared.NextDouble()), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
