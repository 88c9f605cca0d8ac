using Kadstone.Kademlia;

namespace Kadstone.Mainline;

/// <summary>What a packet that could be read is worth: dropped, answered with an error, or taken.</summary>
internal static partial class KrpcReader
{
    private static Malformed Judge(int length, scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        if (!draft.HasGood(Field.Transaction))
        {
            return Malformed.NoTransaction;
        }

        if (message.Transaction.Length > MaxTransactionLength)
        {
            return Malformed.TransactionTooLong;
        }

        if (message.SeedFilter.IsEmpty || message.PeerFilter.IsEmpty)
        {
            message.SeedFilter = default;
            message.PeerFilter = default;
        }

        switch (draft.Kind)
        {
            case (byte)'q':
                if (length > MaxQueryLength)
                {
                    return Malformed.TooLong;
                }

                message.Kind = KrpcKind.Query;
                message.Fault = JudgeQuery(ref message, ref draft);
                return Malformed.None;
            case (byte)'r':
                message.Kind = KrpcKind.Response;
                return JudgeResponse(ref message, ref draft);
            case (byte)'e':
                message.Kind = KrpcKind.Error;
                message.HasId &= draft.Body == Field.ReturnValues;   // libtorrent sends an r beside e
                return draft.HasErrorCode ? Malformed.None : Malformed.BadError;
            default:
                return Malformed.UnknownKind;
        }
    }

    private static Malformed JudgeResponse(scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        if (draft.Body != Field.ReturnValues)
        {
            return Malformed.NoReturnValues;
        }

        if (!message.HasId)
        {
            return Malformed.NoId;
        }

        message.HasSequence &= message.Sequence >= 0;
        return Malformed.None;
    }

    private static KrpcFault JudgeQuery(scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        if (!draft.HasGood(Field.Method))
        {
            return KrpcFault.MissingMethod;
        }

        if (draft.Body != Field.Arguments || !draft.Has(Field.Id))
        {
            message.HasId = false;
            return KrpcFault.MissingId;
        }

        if (!message.HasId)
        {
            return KrpcFault.BadId;
        }

        switch (message.Method)
        {
            case KrpcMethod.FindNode or KrpcMethod.SampleInfohashes:
                return JudgeTarget(Field.Target, draft.Target, ref message, ref draft);
            case KrpcMethod.GetPeers:
                return JudgeTarget(Field.InfoHash, draft.InfoHash, ref message, ref draft);
            case KrpcMethod.Get:
                KrpcFault fault = JudgeTarget(Field.Target, draft.Target, ref message, ref draft);
                return fault == KrpcFault.None && draft.IsBad(Field.Sequence) ? KrpcFault.BadSequence : fault;
            case KrpcMethod.AnnouncePeer:
                return JudgeAnnounce(ref message, ref draft);
            case KrpcMethod.Put:
                return JudgePut(ref message, ref draft);
            case KrpcMethod.Unknown:
                message.HasTarget = draft.HasGood(Field.Target) || draft.HasGood(Field.InfoHash);
                message.Target = draft.HasGood(Field.Target) ? draft.Target : draft.InfoHash;
                return KrpcFault.None;
            default:
                return KrpcFault.None;
        }
    }

    private static KrpcFault JudgeTarget(Field field, in Key160 target, scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        message.HasTarget = draft.HasGood(field);
        message.Target = target;
        return message.HasTarget ? KrpcFault.None : draft.Has(field) ? KrpcFault.BadTarget : KrpcFault.MissingTarget;
    }

    private static KrpcFault JudgeAnnounce(scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        KrpcFault fault = JudgeTarget(Field.InfoHash, draft.InfoHash, ref message, ref draft);
        if (fault != KrpcFault.None)
        {
            return fault;
        }

        // BEP 5: with implied_port the port argument is ignored.
        bool portIsGood = !draft.IsBad(Field.ImpliedPort) && (message.ImpliedPort || message.Port > 0);
        return portIsGood ? JudgeToken(ref message, ref draft) : KrpcFault.BadPort;
    }

    private static KrpcFault JudgeToken(scoped ref KrpcMessage message, scoped ref Draft draft) =>
        message.HasToken ? KrpcFault.None
        : draft.Has(Field.Token) ? KrpcFault.BadToken
        : KrpcFault.MissingToken;

    // BEP 44. A key without a signature, or the other way round, must not pass for an immutable item.
    private static KrpcFault JudgePut(scoped ref KrpcMessage message, scoped ref Draft draft)
    {
        if (!message.HasValue || !Bencode.IsCanonical(message.Value))
        {
            return KrpcFault.BadValue;
        }

        if (draft.Has(Field.PublicKey) || draft.Has(Field.Signature))
        {
            if (message.PublicKey.IsEmpty)
            {
                return KrpcFault.BadKey;
            }

            if (message.Signature.IsEmpty)
            {
                return KrpcFault.BadSignature;
            }

            if (!message.HasSequence || message.Sequence < 0)
            {
                return KrpcFault.BadSequence;
            }

            if (draft.IsBad(Field.Salt))
            {
                return KrpcFault.BadSalt;
            }

            if (draft.IsBad(Field.Cas))
            {
                return KrpcFault.BadCas;
            }
        }

        return JudgeToken(ref message, ref draft);
    }
}
