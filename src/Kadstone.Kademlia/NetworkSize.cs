namespace Kadstone.Kademlia;

/// <summary>An estimate of the number of nodes in a network.</summary>
/// <param name="Nodes">The estimate; 0 when nothing was observed.</param>
/// <param name="Deviation">Its standard deviation, in nodes; infinite when fewer than three contacts were observed.</param>
/// <param name="Lookups">How many lookups it rests on.</param>
public readonly record struct NetworkSize(double Nodes, double Deviation, int Lookups);
