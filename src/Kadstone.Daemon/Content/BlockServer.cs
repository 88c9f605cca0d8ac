using Kadstone.Libp2p;

namespace Kadstone.Daemon.Content;

/// <summary>Gives the blocks of the shelf to who asks for them by bitswap: who provides content must be able to hand it over.</summary>
/// <remarks>It answers with what is here at once and remembers no wants, and it wants nothing itself.</remarks>
internal sealed class BlockServer : IDisposable
{
    public const string Protocol = "/ipfs/bitswap/1.2.0";

    private const int MaxMessageLength = 512 << 10;
    private const long MaxAnswerBytes = 16L << 20;

    private readonly IPeerNetwork _network;
    private readonly BlockShelf _blocks;
    private readonly IDisposable _served;

    public BlockServer(IPeerNetwork network, BlockShelf blocks)
    {
        _network = network;
        _blocks = blocks;
        _served = network.Accept(Protocol, ServeAsync);
    }

    public void Dispose() => _served.Dispose();

    private async Task ServeAsync(PeerStream stream, CancellationToken cancellationToken)
    {
        while (await stream.ReadMessageAsync(MaxMessageLength, cancellationToken).ConfigureAwait(false) is byte[] message)
        {
            if (!WantMessage.TryRead(message, out List<Want> wants))
            {
                stream.Reset();
                return;
            }

            List<byte[]> answers = AnswersTo(wants);
            if (answers.Count > 0)
            {
                await SendAsync(stream.Remote, answers, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private List<byte[]> AnswersTo(List<Want> wants)
    {
        List<byte[]> answers = [];
        List<(Cid, bool)> presences = [];
        long length = 0;
        foreach (Want want in wants.DistinctBy(want => (want.Cid, want.WantsBlock)))
        {
            bool isHere = _blocks.TryGet(want.Cid, out byte[]? bytes);
            if (isHere && want.WantsBlock && bytes is not null && length + bytes.Length <= MaxAnswerBytes)
            {
                length += bytes.Length;
                answers.Add(WantMessage.OfBlock(want.Cid, bytes));
            }
            else if (isHere || want.AsksForAbsence)
            {
                presences.Add((want.Cid, isHere));
            }
        }

        if (presences.Count > 0)
        {
            answers.Insert(0, WantMessage.OfPresences(presences));
        }

        return answers;
    }

    // A message of ours goes over a stream of ours: bitswap has no answers, only messages.
    private async Task SendAsync(PeerId peer, List<byte[]> messages, CancellationToken cancellationToken)
    {
        PeerStream stream = await _network.OpenAsync(new PeerInfo(peer, []), Protocol, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            foreach (byte[] message in messages)
            {
                await stream.WriteMessageAsync(message, cancellationToken).ConfigureAwait(false);
            }

            await stream.CloseWriteAsync().ConfigureAwait(false);
        }
    }
}
