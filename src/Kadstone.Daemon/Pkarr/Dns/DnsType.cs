namespace Kadstone.Daemon.Pkarr.Dns;

/// <summary>The record types that are read and written; others pass as they are.</summary>
internal enum DnsType : ushort
{
    None = 0,

    /// <summary>An IPv4 address (RFC 1035).</summary>
    A = 1,

    /// <summary>Who answers for the names below (RFC 1035).</summary>
    NS = 2,

    /// <summary>Another name for it (RFC 1035).</summary>
    CNAME = 5,

    /// <summary>Texts (RFC 1035).</summary>
    TXT = 16,

    /// <summary>An IPv6 address (RFC 3596).</summary>
    AAAA = 28,

    /// <summary>Where a service is, and how to talk to it (RFC 9460).</summary>
    SVCB = 64,

    /// <summary>The same for HTTPS (RFC 9460).</summary>
    HTTPS = 65,
}
