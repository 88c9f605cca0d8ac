namespace Kadstone.Cli.Up;

/// <summary>A line of each network now and then, when something changed: for logs and pipes.</summary>
internal static class PlainStatus
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    internal static async Task ShowAsync(IReadOnlyList<UpNode> own, UpEvents events, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(s_pause);
        Dictionary<UpNode, (int, int?, int?)> told = [];
        try
        {
            do
            {
                foreach (UpNode node in own)
                {
                    UpStatus status = node.Status;
                    (int, int?, int?) now = (status.Contacts, status.Keys, status.Peers);
                    if (!told.TryGetValue(node, out (int, int?, int?) before) || before != now)
                    {
                        told[node] = now;
                        Tell(node, status, events);
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

    private static void Tell(UpNode node, UpStatus status, UpEvents events)
    {
        string stored = status.Peers is int peers ? $", {peers} peers of {status.Keys} infohashes stored" : string.Empty;
        events.Tell("status", $"{node.Network}: this node: {status.Contacts} contacts{stored}", json =>
        {
            json.WriteString("network", node.Network);
            json.WriteNumber("contacts", status.Contacts);
            if (status is { Keys: int keys, Peers: int count })
            {
                json.WriteNumber("stored_infohashes", keys);
                json.WriteNumber("stored_peers", count);
            }

            json.WriteNumber("received", status.Received);
            json.WriteNumber("sent", status.Sent);
        });
    }
}
