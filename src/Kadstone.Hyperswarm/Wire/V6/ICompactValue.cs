namespace Kadstone.Hyperswarm;

/// <summary>What a request or a response carries as its value.</summary>
/// <typeparam name="TSelf">The value's own type.</typeparam>
internal interface ICompactValue<TSelf>
    where TSelf : ICompactValue<TSelf>, allows ref struct
{
    /// <summary>Reads the value; what follows it is ignored.</summary>
    /// <returns>False when the bytes hold no such value. hyperdht answers such a request with silence.</returns>
    static abstract bool TryRead(ReadOnlySpan<byte> bytes, out TSelf value);

    /// <summary>Writes the value.</summary>
    void Write(scoped ref CompactWriter writer);
}
