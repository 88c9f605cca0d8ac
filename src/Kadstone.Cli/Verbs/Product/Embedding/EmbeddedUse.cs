namespace Kadstone.Cli.Verbs.Product.Embedding;

/// <summary>What a node that is started for one question can say in place of a daemon.</summary>
internal enum EmbeddedUse
{
    /// <summary>Nothing: the question is about what a daemon remembers.</summary>
    Never,

    /// <summary>Something, and not what is meant unless it is asked for: how such a node fares says nothing of a daemon that should run.</summary>
    WhenAsked,

    /// <summary>The same as a daemon: the question is about the network.</summary>
    WhenAlone,
}
