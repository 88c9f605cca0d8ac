using Npgsql;

namespace Kadstone.Storage.Postgres;

/// <summary>Makes commands of the catalogue's statements.</summary>
internal static class Commands
{
    public static NpgsqlCommand Command(this NpgsqlConnection connection, SqlStatement statement, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        NpgsqlCommand command = new(null, connection);
#pragma warning disable CA2100 // A statement is a constant of the catalogue; values are parameters.
        command.CommandText = statement.Text;
#pragma warning restore CA2100
        foreach (NpgsqlParameter parameter in parameters)
        {
            _ = command.Parameters.Add(parameter);
        }

        return command;
    }

    public static NpgsqlParameter Parameter<T>(T value) => new NpgsqlParameter<T> { TypedValue = value };

    public static NpgsqlParameter Parameter(Shelf shelf) => Parameter((short)shelf);

    public static NpgsqlParameter Parameter(DateTimeOffset time) => Parameter(time.UtcTicks);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => new(row.GetInt64(column), TimeSpan.Zero);

    public static byte[] Bytes(this NpgsqlDataReader row, int column) => row.GetFieldValue<byte[]>(column);
}
