namespace Kadstone.Daemon.V1.Networks;

/// <summary>What became of telling the network something.</summary>
/// <param name="Acknowledged">Nodes that took it.</param>
/// <param name="Refused">Nodes that refused it.</param>
/// <param name="Silent">Nodes that did not answer.</param>
internal readonly record struct Told(int Acknowledged, int Refused, int Silent)
{
    public int Asked => Acknowledged + Refused + Silent;
}

/// <summary>What became of a put.</summary>
/// <param name="Key">Under which key it is found.</param>
/// <param name="Sequence">Its version; null: it has none.</param>
/// <param name="Told">What the nodes did.</param>
internal sealed record PutDone(string Key, long? Sequence, Told Told);

/// <summary>A value on its way out.</summary>
/// <param name="Bytes">The value; of a name the path as UTF-8.</param>
/// <param name="IsMutable">Whether it is signed with the node's own key.</param>
/// <param name="Salt">What else the key depends on; empty: nothing.</param>
/// <param name="Sequence">Its version; null: the next one.</param>
internal sealed record PutValue(byte[] Bytes, bool IsMutable, byte[] Salt, long? Sequence);

/// <summary>Whether something is found through the network, and how that is said.</summary>
internal readonly record struct Found(bool IsFound, string Text);
