using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>What is said again and again in a <see cref="Conversation"/>.</summary>
internal static class Talk
{
    internal static byte[] TokenFor(this Conversation talk, UdpEndpoint asker, Key160 key, byte socket = 0) =>
        talk.Ask(Krpc.Query("get_peers", Conversation.IdOf(asker), ("info_hash", key)), asker, socket).ShouldNotBeNull().Token;

    internal static Packet Announce(this Conversation talk, UdpEndpoint announcer, Key160 key, int port, bool isSeed = false) =>
        talk.Ask(
            "announce_peer",
            announcer,
            [("info_hash", key), ("port", port), ("token", talk.TokenFor(announcer, key)), .. isSeed ? new (string, object)[] { ("seed", 1) } : []]);

    /// <summary>Every get is answered with this item, or with none.</summary>
    internal static void Serves(this Conversation talk, Item? item) =>
        talk.Node.InboundItems.Arrived = () =>
        {
            talk.Node.InboundItems.TryTake(out InboundItem? inbound).ShouldBeTrue();
            talk.Node.AnswerGet(inbound!, item, talk.Now);
        };

    /// <summary>The packets of our own lookups' and checks' kind: questions.</summary>
    internal static IEnumerable<Packet> Questions(this Conversation talk) => talk.Sent.Where(packet => packet.IsQuery);
}
