namespace Kadstone.Ipfs;

/// <summary>What became of a value that was to be stored.</summary>
internal enum RecordVerdict
{
    Stored,
    Invalid,
    Worse,
    Full,
}
