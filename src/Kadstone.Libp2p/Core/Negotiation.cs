using System.Text;

namespace Kadstone.Libp2p.Core;

/// <summary>The choice of one protocol between two sides: one proposes, the other echoes what it speaks.</summary>
/// <remarks>
/// multistream-select 1.0. Bytes behind the last message of the choice stay in the input: they are the protocol's own, which an
/// initiator may send without waiting. <c>ls</c> and simultaneous open are answered <c>na</c>, as go-libp2p does.
/// </remarks>
internal sealed class Negotiation
{
    /// <summary>32: how many proposals are refused before the initiator is taken for one that only tries.</summary>
    public const int MaxProposals = 32;

    private static readonly byte[] s_header = MultistreamLine.Write(MultistreamLine.Header);
    private static readonly byte[] s_notAvailable = MultistreamLine.Write(MultistreamLine.NotAvailable);

    private readonly IReadOnlyList<string> _proposals;
    private readonly Predicate<string>? _isSpoken;
    private bool _hasBegun;
    private bool _isGreeted;
    private int _proposed;

    private Negotiation(IReadOnlyList<string> proposals, Predicate<string>? isSpoken)
    {
        _proposals = proposals;
        _isSpoken = isSpoken;
    }

    public NegotiationState State { get; private set; }

    /// <summary>What was agreed on; empty before.</summary>
    public string Protocol { get; private set; } = "";

    /// <summary>The side that proposes, in order of preference.</summary>
    public static Negotiation Propose(params IReadOnlyList<string> protocols) => new(protocols, null);

    /// <summary>The side that chooses.</summary>
    public static Negotiation Choose(Predicate<string> isSpoken) => new([], isSpoken);

    /// <summary>Takes the messages that are there, and writes what follows from them.</summary>
    public void Advance(ByteQueue input, ByteQueue output)
    {
        if (!_hasBegun)
        {
            _hasBegun = true;
            output.Append(s_header);
            if (_isSpoken is null)
            {
                ProposeNext(output);
            }
        }

        while (State == NegotiationState.Open)
        {
            WireProgress progress = MultistreamLine.Read(input.Span, out ReadOnlySpan<byte> line, out int length);
            if (progress == WireProgress.Incomplete)
            {
                return;
            }

            string text = progress == WireProgress.Complete ? Encoding.UTF8.GetString(line) : "";
            input.Consume(length);
            Take(text, output);
        }
    }

    private void Take(string text, ByteQueue output)
    {
        if (text.Length == 0)
        {
            State = NegotiationState.Failed;
        }
        else if (!_isGreeted)
        {
            _isGreeted = text == MultistreamLine.Header;
            State = _isGreeted ? NegotiationState.Open : NegotiationState.Failed;
        }
        else if (_isSpoken is not null)
        {
            Choose(text, _isSpoken, output);
        }
        else if (text == MultistreamLine.NotAvailable)
        {
            ProposeNext(output);
        }
        else
        {
            Agree(text, text == _proposals[_proposed - 1]);
        }
    }

    private void Choose(string text, Predicate<string> isSpoken, ByteQueue output)
    {
        if (isSpoken(text))
        {
            output.Append(MultistreamLine.Write(text));
            Agree(text, true);
        }
        else if (++_proposed > MaxProposals)
        {
            State = NegotiationState.Failed;
        }
        else
        {
            output.Append(s_notAvailable);
        }
    }

    private void ProposeNext(ByteQueue output)
    {
        if (_proposed == _proposals.Count)
        {
            State = NegotiationState.Failed;
            return;
        }

        output.Append(MultistreamLine.Write(_proposals[_proposed++]));
    }

    private void Agree(string protocol, bool isProposed)
    {
        State = isProposed ? NegotiationState.Agreed : NegotiationState.Failed;
        Protocol = isProposed ? protocol : "";
    }
}
