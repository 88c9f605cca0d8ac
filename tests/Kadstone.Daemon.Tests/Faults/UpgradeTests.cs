using System.Net;
using System.Security.Cryptography;
using System.Text;
using Kadstone.Daemon.Tests.V1;
using Kadstone.Datagrams;
using Kadstone.Hosting;
using Kadstone.Hyperswarm;
using Kadstone.Ipfs;
using Kadstone.Libp2p;
using Kadstone.Mainline;
using Kadstone.Storage;
using Kadstone.Storage.Sqlite;
using Kadstone.Storage.Tests.Postgres;

namespace Kadstone.Daemon.Tests.Faults;

/// <summary>Bar 50: what earlier versions left is taken up, and what a newer one left is refused before it is touched.</summary>
public sealed class UpgradeTests(SharedPostgresServer server) : IDisposable
{
    private static readonly byte[] s_value = "4:kept"u8.ToArray();
    private static readonly byte[] s_valueKey = SHA1.HashData(s_value);
    private static readonly byte[] s_publicationKey = Encoding.UTF8.GetBytes(EarlierFolders.PublicationId);
    private static readonly long s_forever = DateTimeOffset.MaxValue.UtcTicks;

    private readonly Storage.Tests.TemporaryFolder _folder = new();

    private string Data => _folder.File("data");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task A_folder_of_an_earlier_version_keeps_who_we_are_whom_we_knew_and_what_we_stored(int schema, bool hasOneStore)
    {
        WriteFolder(schema, hasOneStore);
        byte[]? hyperStore = hasOneStore ? null : await File.ReadAllBytesAsync(Path.Combine(Data, "hyper.sqlite"), V1Network.Cancelled);
        await using (KadstoneNode node = await KadstoneNode.CreateAsync(Options(61), cancellationToken: V1Network.Cancelled))
        await using (KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }, cancellationToken: V1Network.Cancelled))
        {
            node.Mainline!.Id.ToString().ShouldBe(EarlierFolders.MainlineId);
            await ShouldHaveAllAsync(node, daemon);
            node.TrySave().ShouldBeTrue();
        }

        (await File.ReadAllTextAsync(Path.Combine(Data, "key"), V1Network.Cancelled)).ShouldBe(EarlierFolders.Key);
        Directory.GetFiles(Data, "*.bad").ShouldBeEmpty();
        if (hyperStore is not null)
        {
            // Nobody reads it any more; that is no reason to remove it.
            (await File.ReadAllBytesAsync(Path.Combine(Data, "hyper.sqlite"), V1Network.Cancelled)).ShouldBe(hyperStore);
        }

        // Whom we knew did not answer; it is asked in the next run all the same.
        (await File.ReadAllTextAsync(Path.Combine(Data, "state.json"), V1Network.Cancelled)).ShouldContain("127.79.60.9:6881");
    }

    [Fact]
    public async Task A_database_of_an_earlier_version_keeps_its_records()
    {
        string connection = await (await server.GetAsync()).CreateSchemaAsync();
        await PostgresServer.ExecuteAsync(connection, EarlierFolders.Postgres1);
        await PostgresServer.ExecuteAsync(connection, $"""
            INSERT INTO kadstone_records(key, shelf, value, sequence, expires, stored, revision, replaced) VALUES
                ('\x{Convert.ToHexStringLower(s_valueKey)}', 1, '\x{Convert.ToHexStringLower(s_value)}', 0, {s_forever}, 0, 1, 0),
                ('\x{Convert.ToHexStringLower(s_publicationKey)}', 60, '\x{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(EarlierFolders.Publication))}', 1, {s_forever}, 0, 2, 0)
            """);
        KadstoneOptions options = Options(62);
        options.DataFolder = null;
        options.Store = KadstoneStore.Postgres(connection);
        await using KadstoneNode node = await KadstoneNode.CreateAsync(options, cancellationToken: V1Network.Cancelled);
        await using KadstoneDaemon daemon = await KadstoneDaemon.StartAsync(node, new KadstoneDaemonOptions { Api = new IPEndPoint(IPAddress.Loopback, 0) }, cancellationToken: V1Network.Cancelled);
        await ShouldHaveAllAsync(node, daemon);
        StoredRecord more = new(s_value, 1, DateTimeOffset.MaxValue, DateTimeOffset.UnixEpoch);
        (await node.Store.PutAsync(Shelf.MainlineMutable, s_valueKey, more, cancellationToken: V1Network.Cancelled)).ShouldBe(PutResult.Stored);
    }

    [Fact]
    public async Task A_store_of_a_newer_version_ends_the_start_and_every_file_stays_as_it_was()
    {
        WriteFolder(2, hasOneStore: true);
        using (Connection newer = Connection.Open(Path.Combine(Data, "node.sqlite"), TimeSpan.FromSeconds(10)))
        {
            newer.Execute("PRAGMA user_version = 99");
        }

        Dictionary<string, byte[]> before = ReadAll();
        KadstoneSetupException refused = await Should.ThrowAsync<KadstoneSetupException>(() => KadstoneNode.CreateAsync(Options(63), cancellationToken: V1Network.Cancelled));
        refused.Setting.ShouldBe("Kadstone:Store");
        refused.Message.ShouldContain("schema 99");
        refused.Message.ShouldContain("newer");
        Dictionary<string, byte[]> after = ReadAll();
        after.Keys.Order().ShouldBe(before.Keys.Order());
        foreach ((string name, byte[] bytes) in before)
        {
            after[name].ShouldBe(bytes, name);
        }
    }

    [Theory]
    [InlineData("state.json")]
    [InlineData("hyper.json")]
    [InlineData("ipfs.json")]
    public async Task A_state_of_a_newer_version_is_put_aside_as_it_was(string name)
    {
        WriteFolder(2, hasOneStore: true);
        string path = Path.Combine(Data, name);
        string newer = (await File.ReadAllTextAsync(path, V1Network.Cancelled)).Replace("\"version\": 1", "\"version\": 99", StringComparison.Ordinal);
        newer.ShouldContain("99");
        await File.WriteAllTextAsync(path, newer, V1Network.Cancelled);
        using CapturedLog log = new();
        await using KadstoneNode node = await KadstoneNode.CreateAsync(Options(64), log, cancellationToken: V1Network.Cancelled);
        node.TrySave().ShouldBeTrue();
        (await File.ReadAllTextAsync(path + ".bad", V1Network.Cancelled)).ShouldBe(newer);
        log.Lines.Where(line => line.Level >= Microsoft.Extensions.Logging.LogLevel.Warning).ShouldHaveSingleItem().Message.ShouldContain("version");
    }

    private static async Task ShouldHaveAllAsync(KadstoneNode node, KadstoneDaemon daemon)
    {
        StoredRecord kept = (await node.Store.GetAsync(Shelf.MainlineImmutable, s_valueKey, V1Network.Cancelled)).ShouldNotBeNull();
        kept.Value.ToArray().ShouldBe(s_value);
        kept.Expires.UtcTicks.ShouldBe(s_forever);
        using HttpClient client = V1Network.ClientOf(daemon);
        (await client.GetStringAsync("/v1/publications", V1Network.Cancelled)).ShouldContain(EarlierFolders.PublicationId);
    }

    /// <summary>A data folder; in the older layout Hyperswarm had a store of its own.</summary>
    private void WriteFolder(int schema, bool hasOneStore)
    {
        Directory.CreateDirectory(Data);
        File.WriteAllText(Path.Combine(Data, "key"), EarlierFolders.Key);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(Data, "key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        File.WriteAllText(Path.Combine(Data, "state.json"), EarlierFolders.MainlineState);
        File.WriteAllText(Path.Combine(Data, "hyper.json"), EarlierFolders.HyperswarmState);
        WriteStore("node.sqlite", schema);
        if (hasOneStore)
        {
            File.WriteAllText(Path.Combine(Data, "ipfs.json"), EarlierFolders.IpfsState);
        }
        else
        {
            File.WriteAllText(Path.Combine(Data, "daemon.json"), """{"pid":1,"api":null,"token":null}""");
            WriteStore("hyper.sqlite", schema);
        }
    }

    private void WriteStore(string name, int schema)
    {
        using Connection store = Connection.Open(Path.Combine(Data, name), TimeSpan.FromSeconds(10));
        store.Execute(schema == 1 ? EarlierFolders.Sqlite1 : EarlierFolders.Sqlite2);
        (int Shelf, byte[] Key, byte[] Value)[] rows = [(1, s_valueKey, s_value), (60, s_publicationKey, Encoding.UTF8.GetBytes(EarlierFolders.Publication))];
        string due = schema == 1 ? "" : $", {s_forever}";
        foreach ((int shelf, byte[] key, byte[] value) in rows)
        {
            store.Execute($"""
                INSERT INTO records VALUES (NULL, {shelf}, X'{Convert.ToHexString(key)}', X'{Convert.ToHexString(value)}', 1, {s_forever}, 0{due});
                INSERT INTO shelves VALUES ({shelf}, 1, {StoreFile.RecordBytes(key.Length, value.Length)});
                """);
        }
    }

    // The lock is made and let go of by every start.
    private Dictionary<string, byte[]> ReadAll() =>
        Directory.GetFiles(Data).Where(file => Path.GetFileName(file) != "lock").ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);

    private KadstoneOptions Options(int number)
    {
        IPAddress own = IPAddress.Parse($"127.79.{number}.1");
        return new KadstoneOptions
        {
            DataFolder = Data,
            Mainline = new MainlineOptions { Addresses = [own], Scope = AddressScope.Private },
            Hyperswarm = new HyperDhtOptions { Host = own, Scope = AddressScope.Private, IsReachableAssumed = true },
            Ipfs = new IpfsOptions { Host = new Libp2pOptions { Listen = [Multiaddr.FromTcp(own, 0)], Limits = HostLimits.OneMachine }, Scope = KadScope.Lan, Mode = KadMode.Server },
        };
    }
}
