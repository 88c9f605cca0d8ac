using Kadstone.Crypto;
using Kadstone.Datagrams;
using Kadstone.Hyperswarm.Core;
using Kadstone.Hyperswarm.Core.Records;
using Kadstone.Kademlia;

namespace Kadstone.Hyperswarm.Tests.Core.Records;

/// <summary>A node that stores for others, and everybody who asks it.</summary>
internal sealed class StoringNode
{
    internal const long Epoch = 1_900_000_000_000;

    internal static readonly Key256 Topic = new(7, 9);

    internal StoringNode(HyperLimits? limits = null, RpcSettings? settings = null)
    {
        Talk = new RpcConversation(settings);
        Commands = new HyperCommands(Talk.Node, limits ?? new HyperLimits(), new Random(2));
        Commands.SetClock(Epoch, Talk.Now);
        Talk.Node.Service = Commands;
    }

    internal RpcConversation Talk { get; }

    internal HyperCommands Commands { get; }

    internal static byte[] Seed(int number)
    {
        byte[] seed = new byte[Ed25519.SeedLength];
        BitConverter.TryWriteBytes(seed, number + 1);
        return seed;
    }

    internal static byte[] PublicKey(int number) => Ed25519.CreateKeyPair(Seed(number));

    /// <summary>The token that the node gives to an address.</summary>
    internal byte[] TokenFor(UdpEndpoint from) =>
        Talk.Ask(RpcConversation.Request((uint)HyperCommand.FindPeer, target: new Key256(1, 1)), from).ShouldNotBeNull().Read().Token.ToArray();

    internal RpcSent? Ask(HyperCommand command, UdpEndpoint from, Key256? target = null, byte[]? value = null, byte[]? token = null, byte socket = 0) =>
        Talk.Ask(RpcConversation.Request((uint)command, target: target, value: value, token: token), from, socket);

    /// <summary>An announce as its owner signs it for this node.</summary>
    internal static byte[] Announce(
        int owner,
        byte[] token,
        Key256? topic = null,
        UdpEndpoint[]? relays = null,
        byte[]? refresh = null,
        long bump = 0,
        Key256? storing = null,
        bool isRemoval = false)
    {
        HyperPeer peer = new(PublicKey(owner), RpcEndpoints.Pack(relays ?? [], new byte[6 * 300]));
        byte[] signable = new byte[HyperSignable.Length];
        byte[] signature = new byte[Ed25519.SignatureLength];
        ReadOnlySpan<byte> purpose = isRemoval ? HyperNamespace.Unannounce : HyperNamespace.Announce;
        HyperSignable.WriteAnnouncement(signable, purpose, topic ?? Topic, storing ?? RpcConversation.IdOf(RpcConversation.Home), token, peer, refresh ?? []);
        Ed25519.Sign(signable, Seed(owner), signature);
        CompactWriter writer = new(new byte[1_400]);
        new Announcement { HasPeer = true, Peer = peer, Refresh = refresh, Signature = signature, Bump = bump }.Write(ref writer);
        return writer.Written.ToArray();
    }

    internal static byte[] Mutable(int owner, long sequence, byte[] value) => Mutable(Seed(owner), sequence, value);

    /// <summary>A MUTABLE_PUT's value as its owner signs it.</summary>
    internal static byte[] Mutable(byte[] seed, long sequence, byte[] value)
    {
        byte[] signable = new byte[HyperSignable.Length];
        byte[] signature = new byte[Ed25519.SignatureLength];
        HyperSignable.WriteMutable(signable, sequence, value);
        Ed25519.Sign(signable, seed, signature);
        CompactWriter writer = new(new byte[1_400]);
        new MutablePut(Ed25519.CreateKeyPair(seed), new MutableItem(sequence, value, signature)).Write(ref writer);
        return writer.Written.ToArray();
    }

    /// <summary>Owner and address of the same number announce; true when the node says that it stored it.</summary>
    internal bool TryAnnounce(int owner, Key256? topic = null, UdpEndpoint[]? relays = null, UdpEndpoint? from = null, byte[]? refresh = null, long bump = 0)
    {
        UdpEndpoint source = from ?? RpcConversation.At(owner);
        byte[] token = TokenFor(source);
        return Ask(HyperCommand.Announce, source, topic ?? Topic, Announce(owner, token, topic, relays, refresh, bump), token) is not null;
    }

    internal bool TryUnannounce(int owner, Key256? topic = null)
    {
        byte[] token = TokenFor(RpcConversation.At(owner));
        return Ask(HyperCommand.Unannounce, RpcConversation.At(owner), topic ?? Topic, Announce(owner, token, topic, isRemoval: true), token) is not null;
    }

    /// <summary>Who is found under a topic: public keys as text, in order; and the bump.</summary>
    internal (string[] Keys, long Bump) Lookup(Key256? topic = null, int asker = 900)
    {
        RpcMessage answer = Ask(HyperCommand.Lookup, RpcConversation.At(asker), topic ?? Topic).ShouldNotBeNull().Read();
        if (!answer.HasValue)
        {
            return ([], 0);
        }

        LookupAnswer.TryRead(answer.Value, out LookupAnswer lookup).ShouldBeTrue();
        List<string> keys = [];
        foreach (HyperPeer peer in lookup.Peers)
        {
            keys.Add(Convert.ToHexStringLower(peer.PublicKey));
        }

        return ([.. keys.Order()], lookup.Bump);
    }

    internal static string[] Keys(params int[] owners) => [.. owners.Select(owner => Convert.ToHexStringLower(PublicKey(owner))).Order()];
}
