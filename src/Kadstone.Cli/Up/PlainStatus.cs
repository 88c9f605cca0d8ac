using Kadstone.Mainline;

namespace Kadstone.Cli.Up;

/// <summary>A line now and then, when something changed: for logs and pipes.</summary>
internal static class PlainStatus
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    internal static async Task ShowAsync(MainlineDht own, UpEvents events, CancellationToken cancellationToken)
    {
        using PeriodicTimer timer = new(s_pause);
        (int, int, int) told = default;
        try
        {
            do
            {
                MainlineStatus status = own.Status();
                (int, int, int) now = (status.Contacts, status.StoredInfoHashes, status.StoredPeers);
                if (now != told)
                {
                    told = now;
                    events.Tell(
                        "status",
                        $"this node: {status.Contacts} contacts, {status.StoredPeers} peers of {status.StoredInfoHashes} infohashes stored",
                        json =>
                        {
                            json.WriteNumber("contacts", status.Contacts);
                            json.WriteNumber("stored_infohashes", status.StoredInfoHashes);
                            json.WriteNumber("stored_peers", status.StoredPeers);
                            json.WriteNumber("received", status.Received);
                            json.WriteNumber("sent", status.Sent);
                        });
                }
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException)
        {
            // The regular end.
        }
    }
}
