namespace Kadstone.Libp2p;

/// <summary>The kinds of identity keys. The numbers are those of the wire.</summary>
public enum KeyType
{
    /// <summary>RSA with PKCS#1 v1.5 signatures over SHA-256: old nodes and names.</summary>
    Rsa = 0,

    /// <summary>Ed25519: the usual one, and the only one that we sign with.</summary>
    Ed25519 = 1,

    /// <summary>ECDSA on secp256k1 over SHA-256.</summary>
    Secp256k1 = 2,

    /// <summary>ECDSA on a NIST curve over SHA-256.</summary>
    Ecdsa = 3,
}
