namespace Kadstone.Daemon.Pkarr.Dns;

/// <summary>A record of a DNS message.</summary>
/// <param name="Name">The owner, absolute, without a dot at its end; <c>.</c> for the root.</param>
/// <param name="Type">What it is.</param>
/// <param name="Class">1 for the Internet, and hardly anything else.</param>
/// <param name="Ttl">How many seconds it holds.</param>
/// <param name="Content">Its data, the names in it written out.</param>
internal sealed record DnsRecord(string Name, DnsType Type, ushort Class, uint Ttl, ReadOnlyMemory<byte> Content)
{
    /// <summary>1: the Internet.</summary>
    public const ushort Internet = 1;

    /// <summary>The name of the type, or <c>TYPE99</c> for one that is not known here (RFC 3597).</summary>
    public string TypeText => Enum.IsDefined(Type) && Type != DnsType.None ? Type.ToString() : $"TYPE{(ushort)Type}";
}
