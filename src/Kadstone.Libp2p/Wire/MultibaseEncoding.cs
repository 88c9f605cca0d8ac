namespace Kadstone.Libp2p;

/// <summary>The bases in which multibase writes bytes as text. The number is the letter that the text begins with.</summary>
public enum MultibaseEncoding
{
    /// <summary>Hexadecimal, <c>f</c>.</summary>
    Base16 = 'f',

    /// <summary>Hexadecimal in capitals, <c>F</c>.</summary>
    Base16Upper = 'F',

    /// <summary>RFC 4648 base32 in small letters without padding, <c>b</c>: the usual form of a CIDv1.</summary>
    Base32 = 'b',

    /// <summary>RFC 4648 base32 in capitals without padding, <c>B</c>.</summary>
    Base32Upper = 'B',

    /// <summary>Base36 in small letters, <c>k</c>: the usual form of an IPNS name.</summary>
    Base36 = 'k',

    /// <summary>Base36 in capitals, <c>K</c>.</summary>
    Base36Upper = 'K',

    /// <summary>Base58 with Bitcoin's alphabet, <c>z</c>.</summary>
    Base58Btc = 'z',

    /// <summary>RFC 4648 base64 without padding, <c>m</c>.</summary>
    Base64 = 'm',

    /// <summary>RFC 4648 base64 for URLs without padding, <c>u</c>: the usual form of a certificate's hash.</summary>
    Base64Url = 'u',
}
