namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>One packet of each kind, byte by byte.</summary>
internal static class GoldenPackets
{
    public const string PingRequest = """
        03                                                                                              | request, version 3
        04                                                                                              | flags: internal
        30 97                                                                                           | transaction 38704
        7f 00 00 01 4c c2                                                                               | to 127.0.0.1:49740
        00                                                                                              | command PING
        """;

    public const string PingResponse = """
        13                                                                                              | response, version 3
        01                                                                                              | flags: id
        30 97                                                                                           | transaction 38704
        7f 00 00 01 0c d3                                                                               | to 127.0.0.1:54028
        b8 9d 3b e5 6f b0 53 50 3c 63 dc 48 7b 80 71 b8 c0 08 7f dd a4 30 36 e0 21 51 a3 a1 e8 6f d7 4a | id of 127.0.0.1:49740
        """;

    public const string PingNatRequest = """
        03                                                                                              | request, version 3
        14                                                                                              | flags: internal, value
        33 97                                                                                           | transaction 38707
        7f 00 00 01 4c c2                                                                               | to 127.0.0.1:49740
        01                                                                                              | command PING_NAT
        02 fc dd                                                                                        | value: port 56828
        """;

    public const string FindNodeRequest = """
        03                                                                                              | request, version 3
        0d                                                                                              | flags: id, internal, target
        3b 97                                                                                           | transaction 38715
        7f 00 00 01 ab e6                                                                               | to 127.0.0.1:59051
        b8 9d 3b e5 6f b0 53 50 3c 63 dc 48 7b 80 71 b8 c0 08 7f dd a4 30 36 e0 21 51 a3 a1 e8 6f d7 4a | id of 127.0.0.1:49740
        02                                                                                              | command FIND_NODE
        be a4 bb fe 44 f2 db 4c 9e 32 77 5c 11 78 c3 91 ee 22 15 53 16 be 75 0b e8 c9 d1 56 06 e5 df 10 | target
        """;

    public const string FindNodeResponse = """
        13                                                                                              | response, version 3
        05                                                                                              | flags: id, closer nodes
        3b 97                                                                                           | transaction 38715
        7f 00 00 01 4c c2                                                                               | to 127.0.0.1:49740
        b4 62 a9 aa 26 6c 54 06 f2 83 d0 ce f6 11 1c 64 8d 14 99 bb 16 c3 52 dd ae 4d c9 6b 3d 0f 33 39 | id of 127.0.0.1:59051
        02                                                                                              | two closer nodes
        7f 00 00 01 4c c2                                                                               | 127.0.0.1:49740
        7f 00 00 01 4d c2                                                                               | 127.0.0.1:49741
        """;

    public const string LookupRequest = """
        03                                                                                              | request, version 3
        08                                                                                              | flags: target
        3d 97                                                                                           | transaction 38717
        7f 00 00 01 ab e6                                                                               | to 127.0.0.1:59051
        03                                                                                              | command LOOKUP
        be a4 bb fe 44 f2 db 4c 9e 32 77 5c 11 78 c3 91 ee 22 15 53 16 be 75 0b e8 c9 d1 56 06 e5 df 10 | target
        """;

    public const string LookupResponse = """
        13                                                                                              | response, version 3
        17                                                                                              | flags: id, token, closer nodes, value
        3d 97                                                                                           | transaction 38717
        7f 00 00 01 4c c2                                                                               | to 127.0.0.1:49740
        b4 62 a9 aa 26 6c 54 06 f2 83 d0 ce f6 11 1c 64 8d 14 99 bb 16 c3 52 dd ae 4d c9 6b 3d 0f 33 39 | id of 127.0.0.1:59051
        09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 | token
        01                                                                                              | one closer node
        7f 00 00 01 4d c2                                                                               | 127.0.0.1:49741
        52                                                                                              | value of 82 bytes
        02                                                                                              | two peers
        8a 88 e3 dd 74 09 f1 95 fd 52 db 2d 3c ba 5d 72 ca 67 09 bf 1d 94 12 1b f3 74 88 01 b4 0f 6f 5c | public key
        00                                                                                              | no relays
        81 39 77 0e a8 7d 17 5f 56 a3 54 66 c3 4c 7e cc cb 8d 8a 91 b4 ee 37 a2 5d f6 0f 5b 8f c9 b3 94 | public key
        01                                                                                              | one relay
        01 02 03 04 50 00                                                                               | 1.2.3.4:80
        ff 00 68 e5 cf 8b 01 00 00                                                                      | bump 1700000000000
        """;

    public const string RefreshRequest = """
        03                                                                                              | request, version 3
        1a                                                                                              | flags: token, target, value
        45 97                                                                                           | transaction 38725
        7f 00 00 01 4d c2                                                                               | to 127.0.0.1:49741
        09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 | token
        04                                                                                              | command ANNOUNCE
        be a4 bb fe 44 f2 db 4c 9e 32 77 5c 11 78 c3 91 ee 22 15 53 16 be 75 0b e8 c9 d1 56 06 e5 df 10 | target
        21                                                                                              | value of 33 bytes
        02                                                                                              | flags: refresh
        06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 06 | refresh token
        """;

    public const string InvalidTokenResponse = """
        13                                                                                              | response, version 3
        0e                                                                                              | flags: token, closer nodes, error
        a4 97                                                                                           | transaction 38820
        7f 00 00 01 0c d3                                                                               | to 127.0.0.1:54028
        09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 09 | token
        01                                                                                              | one closer node
        7f 00 00 01 4d c2                                                                               | 127.0.0.1:49741
        02                                                                                              | error INVALID_TOKEN
        """;

    public const string ApplicationRequest = """
        03                                                                                              | request, version 3
        10                                                                                              | flags: value
        01 00                                                                                           | transaction 1
        7f 00 00 01 4c c2                                                                               | to 127.0.0.1:49740
        fd e8 03                                                                                        | command 1000
        00                                                                                              | value, empty
        """;
}
