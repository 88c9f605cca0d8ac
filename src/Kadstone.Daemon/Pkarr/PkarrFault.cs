namespace Kadstone.Daemon.Pkarr;

/// <summary>Why bytes are no signed packet.</summary>
internal enum PkarrFault
{
    None,

    /// <summary>Fewer bytes than a signature and a timestamp have, or more than a packet may.</summary>
    Length,

    /// <summary>A timestamp that no BEP 44 sequence number can hold.</summary>
    Timestamp,

    /// <summary>The key of the path did not sign it.</summary>
    Signature,

    /// <summary>What is signed is no DNS message.</summary>
    Message,
}
