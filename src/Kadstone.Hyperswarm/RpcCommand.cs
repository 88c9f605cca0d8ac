namespace Kadstone.Hyperswarm;

/// <summary>A command of an application: today's wire tells commands by number, the first generation's by name.</summary>
/// <param name="Name">How it is called; not on today's wire.</param>
/// <param name="Number">Its number. hyperdht has 0 to 10; from 16 on they are free.</param>
public readonly record struct RpcCommand(string Name, uint Number);
