using Kadstone.Hosting;

namespace Kadstone.Cli.Up;

/// <summary>A line of each network now and then, when something changed: for logs and pipes.</summary>
internal static class PlainStatus
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    internal static async Task ShowAsync(KadstoneNode own, UpEvents events, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(s_pause);
        Dictionary<NetworkNode, (int, int?, int?)> told = [];
        try
        {
            do
            {
                foreach (NetworkNode node in own.Networks)
                {
                    NetworkStatus status = node.Status;
                    (int, int?, int?) now = (status.Contacts, status.Keys, status.Peers);
                    if (!told.TryGetValue(node, out (int, int?, int?) before) || before != now)
                    {
                        told[node] = now;
                        Tell(own, node, status, events);
                    }
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }
    }

    private static void Tell(KadstoneNode own, NetworkNode node, NetworkStatus status, UpEvents events)
    {
        (string peers, string keys) = node.Network == "ipfs" ? ("providers", "contents") : ("peers", "infohashes");
        string stored = status.Peers is int count ? $", {count} {peers} of {status.Keys} {keys} stored" : string.Empty;
        events.Tell("status", $"{node.Network}: this node: {status.Contacts} contacts{stored}", json =>
        {
            json.WriteString("network", node.Network);
            json.WriteNumber("contacts", status.Contacts);
            if (status is { Keys: int ofKeys, Peers: int ofPeers })
            {
                json.WriteNumber($"stored_{keys}", ofKeys);
                json.WriteNumber($"stored_{peers}", ofPeers);
            }

            json.WriteNumber("received", status.Received);
            json.WriteNumber("sent", status.Sent);
            json.WriteNumber("packets_per_second", own.PacketsLastSecond);
            json.WriteNumber("packet_budget", own.PacketBudget);
        });
    }
}
