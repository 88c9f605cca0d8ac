using Kadstone.Storage.Postgres;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>The tables as an engine has them that spreads rows by a hash of the key: on one server, in four partitions.</summary>
internal static class SpreadTable
{
    public const int Partitions = 4;

    public static string Definition => string.Join(";\n", [
        $"{Sql.CreateRecords.Text} PARTITION BY HASH (key)",
        .. Enumerable.Range(0, Partitions).Select(part =>
            $"CREATE TABLE part{part} PARTITION OF kadstone_records FOR VALUES WITH (MODULUS {Partitions}, REMAINDER {part})"),
        Sql.CreateExpiry.Text,
        Sql.CreateSchema.Text,
        Sql.WriteVersion.Text,
    ]);
}
