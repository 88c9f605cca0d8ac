namespace Kadstone.Storage;

/// <summary>Why a store cannot serve.</summary>
public enum StoreFailure
{
    /// <summary>The disk or the connection failed in a way that has no name of its own here.</summary>
    Io = 0,

    /// <summary>Another process holds the store.</summary>
    Locked = 1,

    /// <summary>No room on the disk.</summary>
    DiskFull = 2,

    /// <summary>The file or its folder cannot be written.</summary>
    ReadOnly = 3,

    /// <summary>The file is damaged, or is no store of Kadstone's.</summary>
    Corrupt = 4,

    /// <summary>A newer version of Kadstone wrote the store.</summary>
    NewerSchema = 5,

    /// <summary>More writes wait than the queue takes.</summary>
    Overloaded = 6,

    /// <summary>No answer in time.</summary>
    Slow = 7,

    /// <summary>The database's library is not installed.</summary>
    LibraryMissing = 8,
}

/// <summary>A store cannot serve now: the message says why in one sentence, and <see cref="Reason"/> for a program.</summary>
/// <remarks>
/// <see cref="StoreFailure.Locked"/>, <see cref="StoreFailure.DiskFull"/>, <see cref="StoreFailure.ReadOnly"/>, <see cref="StoreFailure.Io"/>,
/// <see cref="StoreFailure.Overloaded"/> and <see cref="StoreFailure.Slow"/> may pass: the store recovers alone, and the next call tries again.
/// Networks answer "try later" (KRPC 202, HTTP 503).
/// </remarks>
public sealed class StoreUnavailableException : Exception
{
    /// <summary>A failure without a name of its own.</summary>
    public StoreUnavailableException()
        : this(StoreFailure.Io, "The store is unavailable.")
    {
    }

    /// <summary>A failure without a name of its own.</summary>
    public StoreUnavailableException(string message)
        : this(StoreFailure.Io, message)
    {
    }

    /// <summary>A failure without a name of its own.</summary>
    public StoreUnavailableException(string message, Exception innerException)
        : this(StoreFailure.Io, message, innerException)
    {
    }

    /// <summary>A failure with its reason.</summary>
    public StoreUnavailableException(StoreFailure reason, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
    }

    /// <summary>Why the store cannot serve.</summary>
    public StoreFailure Reason { get; }
}
