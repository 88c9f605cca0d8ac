namespace Kadstone.Daemon.Tests.Faults;

/// <summary>What earlier versions left on disk, as they wrote it. Never changed: a new format gets new constants beside these.</summary>
internal static class EarlierFolders
{
    public const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

    public const string MainlineId = "4a1d2c3b4a5968778695a4b3c2d1e0f001122334";

    public const string MainlineState = $$"""
        {
          "version": 1,
          "network": "mainline",
          "ids": [
            "{{MainlineId}}"
          ],
          "port": 6881,
          "nodes": [
            "00112233445566778899aabbccddeeff00112233@127.79.60.9:6881"
          ]
        }

        """;

    public const string HyperswarmState = """
        {
          "version": 1,
          "network": "hyperswarm",
          "port": 49737,
          "nodes": [
            "127.79.60.9:49737"
          ]
        }

        """;

    public const string IpfsState = """
        {
          "version": 1,
          "network": "ipfs",
          "peers": [
            "/ip4/127.79.60.9/tcp/4001/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo"
          ]
        }

        """;

    /// <summary>The publication <c>5f0e0d0c0b0a0908</c>, as the store keeps it.</summary>
    public const string Publication =
        """{"id":"5f0e0d0c0b0a0908","network":"mainline","kind":"announcement","key":"0123456789abcdef0123456789abcdef01234567","port":7000,"value":"","isMutable":false,"salt":"","startedAt":"2026-11-20T12:00:00+00:00"}""";

    public const string PublicationId = "5f0e0d0c0b0a0908";

    /// <summary>SQLite, schema 1: no leases, an index of the expiry.</summary>
    public const string Sqlite1 = """
        PRAGMA page_size = 4096;
        CREATE TABLE records(
            id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
            sequence INTEGER NOT NULL, expires INTEGER NOT NULL, stored INTEGER NOT NULL);
        CREATE UNIQUE INDEX records_key ON records(shelf, key);
        CREATE INDEX records_expires ON records(shelf, expires);
        CREATE TABLE shelves(shelf INTEGER PRIMARY KEY, records INTEGER NOT NULL, bytes INTEGER NOT NULL);
        PRAGMA application_id = 1262568531;
        PRAGMA user_version = 1;
        """;

    /// <summary>SQLite, schema 2: leases, and when a sweep looks next.</summary>
    public const string Sqlite2 = """
        PRAGMA page_size = 4096;
        CREATE TABLE records(
            id INTEGER PRIMARY KEY, shelf INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
            sequence INTEGER NOT NULL, expires INTEGER NOT NULL, stored INTEGER NOT NULL, due INTEGER NOT NULL);
        CREATE UNIQUE INDEX records_key ON records(shelf, key);
        CREATE TABLE shelves(shelf INTEGER PRIMARY KEY, records INTEGER NOT NULL, bytes INTEGER NOT NULL);
        CREATE INDEX records_due ON records(shelf, due);
        CREATE TABLE leases(
            id INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, expires INTEGER NOT NULL, stored INTEGER NOT NULL);
        CREATE VIEW leased_records AS
            SELECT r.id, shelf, key, value, due, coalesce(l.sequence, r.sequence) AS sequence,
                coalesce(l.expires, r.expires) AS expires, coalesce(l.stored, r.stored) AS stored
            FROM records r LEFT JOIN leases l ON l.id = r.id AND l.sequence >= r.sequence;
        PRAGMA application_id = 1262568531;
        PRAGMA user_version = 2;
        """;

    /// <summary>PostgreSQL, schema 1.</summary>
    public const string Postgres1 = """
        CREATE TABLE kadstone_records(
            key bytea NOT NULL, shelf smallint NOT NULL, value bytea NOT NULL, sequence bigint NOT NULL,
            expires bigint NOT NULL, stored bigint NOT NULL, revision bigint NOT NULL, replaced bigint NOT NULL,
            PRIMARY KEY (key, shelf));
        CREATE INDEX kadstone_records_expires ON kadstone_records(shelf, expires);
        CREATE TABLE kadstone_schema(id smallint PRIMARY KEY, version integer NOT NULL);
        INSERT INTO kadstone_schema(id, version) VALUES (1, 1);
        """;
}
