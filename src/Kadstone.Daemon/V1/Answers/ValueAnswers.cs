namespace Kadstone.Daemon.V1.Answers;

internal sealed record ValueAnswer(
    string Key, ReadOnlyMemory<byte> Value, string? Text, long? Sequence, string? PublicKey, string? Signature, string? From, string? Lookup);

/// <summary>The body of a PUT of a value.</summary>
internal sealed record ValueRequest(
    string? Kind, string? Value = null, string? Text = null, string? Salt = null, long? Sequence = null, string? Key = null, bool Keep = false);

internal sealed record ValuePutAnswer(string Key, long? Sequence, int Acknowledged, int Asked, string? Id);
