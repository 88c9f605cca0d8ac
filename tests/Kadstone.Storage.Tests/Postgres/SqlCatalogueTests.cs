using System.Text.RegularExpressions;
using Kadstone.Storage.Postgres;
using Npgsql;

namespace Kadstone.Storage.Tests.Postgres;

/// <summary>Holds the catalogue to what runs alike on one server and on engines that spread a table by its key.</summary>
public sealed partial class SqlCatalogueTests(SharedPostgresServer server)
{
    private static readonly (string Rule, Func<SqlStatement, bool> IsBroken)[] s_rules =
    [
        ("no system column: they mean a part, not the table", Has(@"\b(ctid|xmin|xmax|cmin|cmax|tableoid)\b")),
        ("no row lock: refused for more than one key", Has(@"\bFOR\s+(NO\s+KEY\s+)?(UPDATE|SHARE)\b|\bFOR\s+KEY\s+SHARE\b|SKIP\s+LOCKED")),
        ("no table lock", Has(@"\bLOCK\s+TABLE\b")),
        ("no advisory lock but for the first start: it holds on one entry node, or not at all", statement => statement != Sql.LockDefinition && Matches(statement, @"advisory")),
        ("no LISTEN, NOTIFY, COPY or MERGE", Has(@"\b(LISTEN|NOTIFY|COPY|MERGE)\b")),
        ("no sequence: a hot place on one machine", Has(@"\b(small|big)?serial\b|\bnextval\b|\bIDENTITY\b|\bSEQUENCE\b\s+\w+\s+(START|AS)")),
        ("no trigger, no foreign key", Has(@"\b(TRIGGER|REFERENCES)\b")),
        ("no clock or chance of the server: each part has its own", Has(@"\b(now|clock_timestamp|statement_timestamp|random|gen_random_uuid)\s*\(|\bcurrent_(time|timestamp|date)\b")),
        ("no estimate of the catalogue: it knows the empty shell of a spread table", Has(@"\bpg_(class|stat|total_relation_size|relation_size|database_size)|reltuples")),
        ("no lateral join, grouping set or recursion", Has(@"\b(LATERAL|RECURSIVE|ROLLUP|CUBE)\b|GROUPING\s+SETS")),
        ("no INSERT from a SELECT: on conflict it locks every part until the commit", Has(@"\bINSERT\b(?s:.*)\bSELECT\b|\bunnest\b")),
        ("no sub-select in ON CONFLICT", Has(@"ON\s+CONFLICT(?s:.*)\bSELECT\b")),
        ("no parameter in ON CONFLICT: its type is lost on the way", Has(@"ON\s+CONFLICT(?s:.*)\$\d")),
        ("the key of a row never changes", Has(@"\bSET\b(?s:[^;]*)(?<![\w.])key\s*=")),
        ("a change of records says by RETURNING what it changed", statement => Matches(statement, @"^\s*(INSERT|UPDATE|DELETE)\b") && Matches(statement, "kadstone_records") && !Matches(statement, @"\bRETURNING\b")),
        ("a limit has an order", statement => Matches(statement, @"\bLIMIT\b") && !Matches(statement, @"\bORDER\s+BY\b")),
        ("a statement of one key says which", statement => statement.Route == Route.OneKey && !Matches(statement, @"\bkey = \$1\b") && !IsUpsert(statement)),
        ("a statement of some keys names them", statement => statement.Route == Route.KeyList && !Matches(statement, @"\bkey = ANY\(\$1\)") && !IsUpsert(statement)),
        ("who reads or writes records is routed", statement => statement.Route == Route.Definition && Matches(statement, @"^\s*(SELECT|INSERT|UPDATE|DELETE)\b") && Matches(statement, "kadstone_records")),
        ("what goes to all parts is bounded by keys, by time, or counts", statement => statement.Route == Route.FanOut && statement != Sql.CountAll && !Matches(statement, @"\b(key|expires) >= \$")),
        ("every unique index holds the key", statement => Matches(statement, "kadstone_records") && (Matches(statement, @"\bUNIQUE\b") || (Matches(statement, @"PRIMARY\s+KEY") && !Matches(statement, @"PRIMARY\s+KEY\s*\(key\b")))),
    ];

    public static TheoryData<string> Names => [.. Sql.All.Select(statement => statement.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_statement_keeps_to_what_every_engine_has(string name)
    {
        SqlStatement statement = Sql.All.Single(statement => statement.Name == name);
        s_rules.Where(rule => rule.IsBroken(statement)).Select(rule => rule.Rule).ShouldBeEmpty(statement.Text);
    }

    [Theory]
    [InlineData("DELETE FROM kadstone_records WHERE ctid IN (SELECT ctid FROM kadstone_records ORDER BY expires LIMIT 10) RETURNING key")]
    [InlineData("SELECT value FROM kadstone_records WHERE key = $1 FOR UPDATE")]
    [InlineData("INSERT INTO kadstone_records(key) SELECT unnest($1) ON CONFLICT DO NOTHING RETURNING key")]
    [InlineData("INSERT INTO kadstone_records(key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET expires = $2 RETURNING key")]
    [InlineData("INSERT INTO kadstone_records(key) VALUES ($1) ON CONFLICT (key) DO UPDATE SET expires = now() RETURNING key")]
    [InlineData("UPDATE kadstone_records SET value = $2, key = $3 WHERE key = $1 RETURNING key")]
    [InlineData("DELETE FROM kadstone_records WHERE expires >= $1 AND expires < $2")]
    [InlineData("SELECT reltuples FROM pg_class")]
    [InlineData("SELECT key FROM kadstone_records WHERE key >= $1 LIMIT 5")]
    [InlineData("SELECT pg_advisory_lock(1)")]
    [InlineData("MERGE INTO kadstone_records USING x ON true WHEN MATCHED THEN DELETE")]
    [InlineData("SELECT count(*) FROM kadstone_records")]
    [InlineData("CREATE UNIQUE INDEX other ON kadstone_records(sequence)")]
    [InlineData("CREATE TABLE kadstone_records(id bigserial PRIMARY KEY)")]
    public void The_rules_find_what_other_engines_refuse_or_answer_otherwise(string text)
    {
        SqlStatement statement = new("Bad", text.StartsWith("CREATE", StringComparison.Ordinal) ? Route.Definition : Route.FanOut, text);
        s_rules.ShouldContain(rule => rule.IsBroken(statement));
    }

    [Fact]
    public void An_upsert_takes_the_largest_power_of_two_and_names_each_parameter_once()
    {
        foreach ((int atMost, int rows) in new[] { (1, 1), (2, 2), (3, 2), (511, 256), (512, 512), (5000, 512) })
        {
            (SqlStatement statement, int taken) = Sql.Upsert(atMost);
            taken.ShouldBe(rows);
            Parameter().Matches(statement.Text).Select(match => int.Parse(match.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture))
                .ShouldBe(Enumerable.Range(1, rows * 8));
        }
    }

    [Fact]
    public void No_other_file_of_the_store_holds_SQL()
    {
        string[] files = Directory.GetFiles(SourceFolder(), "*.cs");
        files.Length.ShouldBeGreaterThan(5);
        files.Where(file => Path.GetFileName(file) != "Sql.cs")
            .SelectMany(file => File.ReadLines(file).Where(line => StatementInCode().IsMatch(line)).Select(line => $"{Path.GetFileName(file)}: {line.Trim()}"))
            .ShouldBeEmpty();
    }

    [Fact]
    public void The_operators_page_shows_the_tables_as_they_are()
    {
        string page = Squeezed(File.ReadAllText(Path.Combine(SourceFolder(), "..", "..", "docs", "stores.md")));
        foreach (SqlStatement statement in new[] { Sql.CreateRecords, Sql.CreateExpiry, Sql.CreateSchema, Sql.WriteVersion })
        {
            page.ShouldContain(Squeezed(statement.Text).Replace(" IF NOT EXISTS", "", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Every_statement_of_one_key_goes_to_one_partition()
    {
        string connectionString = await (await server.GetAsync()).CreateSchemaAsync(isSpread: true);
        await using NpgsqlConnection connection = new($"{connectionString};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        foreach (SqlStatement statement in Sql.All.Where(statement => statement.Route == Route.OneKey && !IsUpsert(statement)))
        {
            string plan = await ExplainAsync(connection, statement);
            plan.ShouldContain($"Subplans Removed: {SpreadTable.Partitions - 1}", customMessage: statement.Name);
        }
    }

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, SqlStatement statement)
    {
        // The values of a generic plan are unknown: what it leaves out it leaves out for every key.
        string values = string.Join(", ", Parameter().Matches(statement.Text).Select(match => match.Groups[1].Value).Distinct().Select(number => number == "1" ? "'\\x01'::bytea" : "1"));
        await using NpgsqlCommand prepare = new($"SET plan_cache_mode = force_generic_plan; PREPARE {statement.Name} AS {statement.Text}", connection);
        await prepare.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using NpgsqlCommand explain = new($"EXPLAIN EXECUTE {statement.Name}({values})", connection);
        await using NpgsqlDataReader reader = await explain.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        List<string> lines = [];
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }

    private static Func<SqlStatement, bool> Has(string pattern) => statement => Matches(statement, pattern);

    private static bool Matches(SqlStatement statement, string pattern) => Regex.IsMatch(statement.Text, pattern, RegexOptions.IgnoreCase);

    private static bool IsUpsert(SqlStatement statement) =>
        Matches(statement, @"^INSERT INTO kadstone_records\(key, shelf, ") && Matches(statement, @"ON CONFLICT \(key, shelf\)");

    private static string SourceFolder([System.Runtime.CompilerServices.CallerFilePath] string path = "") =>
        Path.Combine(Path.GetDirectoryName(path) ?? "", "..", "..", "..", "src", "Kadstone.Storage.Postgres");

    private static string Squeezed(string text) => Whitespace().Replace(text, " ").Trim();

    [GeneratedRegex(@"\$(\d+)")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Whitespace();

    [GeneratedRegex(@"""\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|SET|BEGIN|COMMIT|WITH)\b")]
    private static partial Regex StatementInCode();
}
