namespace Kadstone.Datagrams;

/// <summary>What a driver has done so far.</summary>
/// <param name="DatagramsIn">Datagrams handed to the protocol.</param>
/// <param name="DatagramsOut">Datagrams the kernel took.</param>
/// <param name="BytesIn">Their payload bytes.</param>
/// <param name="BytesOut">Their payload bytes.</param>
/// <param name="SendErrors">Datagrams the kernel did not take, and which were dropped.</param>
/// <param name="ReceiveErrors">Failed receives, and datagrams longer than 9,216 bytes, which are dropped.</param>
/// <param name="ProtocolFaults">Exceptions out of protocol code: our bugs.</param>
public readonly record struct DriverCounters(
    long DatagramsIn, long DatagramsOut, long BytesIn, long BytesOut, long SendErrors, long ReceiveErrors, long ProtocolFaults);
