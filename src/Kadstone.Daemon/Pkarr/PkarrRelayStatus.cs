namespace Kadstone.Daemon.Pkarr;

/// <summary>A relay at one moment, for people and dashboards.</summary>
/// <param name="Cached">Packets in the cache.</param>
/// <param name="Kept">Packets that are put again and again.</param>
/// <param name="Unkept">Packets that were published and are not kept, because <see cref="PkarrRelayOptions.MaxKept"/> were.</param>
/// <param name="Published">Packets that its clients published.</param>
/// <param name="Republished">Rounds of kept packets that ended well.</param>
/// <param name="RepublishFailures">Rounds in which the DHT did not answer.</param>
/// <param name="Refused">Packets of its clients that were refused.</param>
public sealed record PkarrRelayStatus(int Cached, int Kept, long Unkept, long Published, long Republished, long RepublishFailures, long Refused);
