namespace Kadstone.Libp2p.Core;

/// <summary>What all connections of a host have in common.</summary>
internal sealed record ConnectionSettings
{
    public const string Noise = "/noise";

    public const string Yamux = "/yamux/1.0.0";

    public required NoiseIdentity Identity { get; init; }

    /// <summary>Whether a protocol has a handler. Asked under the connection's lock.</summary>
    public required Predicate<string> IsSpoken { get; init; }

    public YamuxLimits Limits { get; init; } = new();

    /// <summary>How long the way from the first byte to open streams may take.</summary>
    public TimeSpan HandshakePatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the choice of a stream's protocol may take.</summary>
    public TimeSpan NegotiationPatience { get; init; } = TimeSpan.FromSeconds(10);
}
