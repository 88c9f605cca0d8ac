using System.Text.Json.Nodes;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A response as a real node of today's generation read it.</summary>
/// <param name="From">The responder's endpoint.</param>
/// <param name="FromId">The responder's id in hex; null if it gave none, or one that is not the hash of its endpoint.</param>
/// <param name="To">The asker's endpoint as the responder saw it.</param>
/// <param name="Token">In hex; null if none was given.</param>
/// <param name="Error">The error's number; 0 for none.</param>
/// <param name="Value">In hex; null if there is none.</param>
/// <param name="CloserNodes">The endpoints given.</param>
internal sealed record HyperReply(string From, string? FromId, string To, string? Token, int Error, string? Value, IReadOnlyList<string> CloserNodes)
{
    public static HyperReply Read(JsonNode answer) => new(
        (string)answer["from"]!["endpoint"]!,
        (string?)answer["from"]!["id"],
        (string)answer["to"]!,
        (string?)answer["token"],
        (int)answer["errorCode"]!,
        (string?)answer["value"],
        [.. answer["closerNodes"]!.AsArray().Select(node => (string)node!)]);
}
