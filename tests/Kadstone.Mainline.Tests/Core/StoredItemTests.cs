using System.Net;
using System.Net.Sockets;
using Kadstone.Datagrams;
using Kadstone.Kademlia;
using Kadstone.Mainline.Core;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>Bar 23 the whole way: a stranger's datagrams over loopback, the core, the desk, the store and back.</summary>
public sealed class StoredItemTests : IAsyncLifetime
{
    private static readonly byte[] s_value = Krpc.Encode("value");

    private readonly UdpClient _stranger = new(new IPEndPoint(IPAddress.Parse("127.78.1.1"), 0));
    private MainlineDht? _dht;
    private IPEndPoint _node = new(IPAddress.None, 0);
    private int _transaction;

    public async ValueTask InitializeAsync()
    {
        _dht = await MainlineDht.CreateAsync(
            new MainlineOptions { Addresses = [IPAddress.Parse("127.78.2.1")], Scope = AddressScope.Private },
            cancellationToken: TestContext.Current.CancellationToken);
        _node = _dht.LocalEndpoints[0];
    }

    public async ValueTask DisposeAsync()
    {
        _stranger.Dispose();
        await _dht!.DisposeAsync();
    }

    [Fact]
    public async Task The_cases_of_BEP_44_get_their_codes()
    {
        Item stored = SignedItems.Sign(s_value, 5);
        (await PutAsync(stored)).ShouldBe(0);

        // The names are those of the vectors' bep44_error_cases.
        Dictionary<string, Func<Task<int>>> cases = new()
        {
            ["v bencoded 1001 bytes"] = () => PutAsync(SignedItems.Sign(s_value, 6) with { Value = Krpc.Encode(new string('v', 997)) }),
            ["salt 65 bytes"] = () => PutAsync(SignedItems.Sign(s_value, 6) with { Salt = new byte[65] }),
            ["one bit of sig flipped"] = () => PutAsync(Flip(SignedItems.Sign(s_value, 6))),
            ["cas != stored seq"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("cas", 4)),
            ["seq lower than stored"] = () => PutAsync(SignedItems.Sign(s_value, 4)),
            ["seq equal, other value"] = () => PutAsync(SignedItems.Sign(Krpc.Encode("other"), 5)),
            ["seq equal, same value"] = () => PutAsync(stored),
            ["seq negative"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("seq", -1)),
            ["k 31 bytes"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("k", new byte[31])),
            ["sig 63 bytes"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("sig", new byte[63])),
            ["bad token"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("token", "12345678")),
            ["v is a dict with unsorted keys"] = () => PutAsync(SignedItems.Sign("d1:b1:x1:a1:ye"u8.ToArray(), 6)),
            ["v is i-0e or i03e"] = () => PutAsync(SignedItems.Sign("i03e"u8.ToArray(), 6)),
            ["k present, sig missing"] = () => PutAsync(SignedItems.Sign(s_value, 6), ("sig", null)),
            ["cas present, nothing stored"] = () => PutAsync(SignedItems.Sign(s_value, 6, "fresh"u8.ToArray()), ("cas", 3)),
            ["immutable: v missing"] = () => PutAsync(new Item { Value = s_value }, ("v", null)),
            ["get with seq == stored seq"] = async () =>
            {
                Packet answer = await AskAsync("get", ("target", stored.Target), ("seq", 5));
                answer.Values["seq"].ShouldBe(5L);
                answer.Token.ShouldNotBeEmpty();
                answer.Has("nodes").ShouldBeTrue();
                new[] { "k", "v", "sig" }.ShouldAllBe(key => !answer.Has(key));
                return 0;
            },
        };
        foreach (System.Text.Json.JsonElement vector in Wire.WireVectors.Section("bep44_error_cases"))
        {
            string expect = vector.GetProperty("expect").GetString()!;
            int code = expect.Length >= 3 && int.TryParse(expect.AsSpan(0, 3), out int number) ? number : 0;
            string name = vector.GetProperty("case").GetString()!;
            (await cases[name]()).ShouldBe(code, name);
        }

        Packet kept = await AskAsync("get", ("target", stored.Target));
        kept.Values["v"].ShouldBe("value"u8.ToArray());
        kept.Values["seq"].ShouldBe(5L);
    }

    [Fact]
    public async Task A_newer_seq_replaces_and_cas_that_fits_is_taken()
    {
        (await PutAsync(SignedItems.Sign(s_value, 5))).ShouldBe(0);
        Item newer = SignedItems.Sign(Krpc.Encode("newer"), 6);
        (await PutAsync(newer, ("cas", 5))).ShouldBe(0);
        Packet answer = await AskAsync("get", ("target", newer.Target), ("seq", 5));
        answer.Values["v"].ShouldBe("newer"u8.ToArray());
        answer.Text("k").ShouldBe(SignedItems.PublicKey);
        answer.Text("sig").ShouldBe(newer.Signature.ToArray());
        (await PutAsync(SignedItems.Sign(s_value, long.MaxValue))).ShouldBe(0);
        (await PutAsync(SignedItems.Sign(s_value, 7))).ShouldBe(302);
    }

    [Fact]
    public async Task Salts_keep_items_of_one_key_apart()
    {
        Item first = SignedItems.Sign(Krpc.Encode("first"), 1, "1"u8.ToArray());
        Item second = SignedItems.Sign(Krpc.Encode("second"), 1, "2"u8.ToArray());
        (await PutAsync(first)).ShouldBe(0);
        (await PutAsync(second)).ShouldBe(0);
        (await AskAsync("get", ("target", first.Target))).Values["v"].ShouldBe("first"u8.ToArray());
        (await AskAsync("get", ("target", second.Target))).Values["v"].ShouldBe("second"u8.ToArray());

        // A signature of one salt is none of the other.
        (await PutAsync(first with { Salt = second.Salt, Sequence = 2 })).ShouldBe(206);
    }

    [Fact]
    public async Task What_is_not_signed_never_lies_under_the_target_of_a_key()
    {
        Item signed = SignedItems.Sign(s_value, 1);
        byte[] token = (await AskAsync("get", ("target", signed.Target))).Token;
        (await AskAsync("put", ("target", signed.Target), ("token", token), ("v", "shadow"))).ErrorCode.ShouldBe(203);
        foreach (byte[] signature in (byte[][])[new byte[64], [.. Enumerable.Repeat((byte)255, 64)]])
        {
            (await PutAsync(signed with { Signature = signature })).ShouldBe(206);
        }

        // The key of 32 zero bytes verifies what nobody signed, in some libraries.
        (await PutAsync(signed with { PublicKey = new byte[32], Signature = new byte[64] })).ShouldBe(206);
        (await AskAsync("get", ("target", signed.Target))).Has("v").ShouldBeFalse();
        (await AskAsync("get", ("target", ItemTarget.Mutable(new byte[32], default)))).Has("v").ShouldBeFalse();
    }

    private static Item Flip(Item item)
    {
        byte[] signature = item.Signature.ToArray();
        signature[7] ^= 4;
        return item with { Signature = signature };
    }

    /// <summary>Puts and gives the code, 0 for stored. The changes replace arguments; null takes one out.</summary>
    private async Task<int> PutAsync(Item item, params (string Key, object? Value)[] changes)
    {
        SortedDictionary<string, object> arguments = Krpc.Dictionary(item.IsMutable ? item.Arguments() : [("v", new Krpc.Raw(item.Value.ToArray()))]);
        arguments["token"] = (await AskAsync("get", ("target", item.Target))).Token;
        foreach ((string key, object? value) in changes)
        {
            if (value is null)
            {
                arguments.Remove(key);
            }
            else
            {
                arguments[key] = value;
            }
        }

        return (await AskAsync("put", [.. arguments.Select(pair => (pair.Key, pair.Value))])).ErrorCode;
    }

    private async Task<Packet> AskAsync(string method, params (string Key, object Value)[] arguments)
    {
        byte[] transaction = BitConverter.GetBytes(++_transaction);
        await _stranger.SendAsync(Krpc.Query(method, transaction, new Key160(5, 5, 5), arguments), _node, TestContext.Current.CancellationToken);
        while (true)
        {
            UdpReceiveResult received = await _stranger.ReceiveAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            Packet packet = new(default, 0, received.Buffer, default);
            if (packet.IsQuery)
            {
                // It proves us, so that our many questions are answered.
                await _stranger.SendAsync(Krpc.Response(packet.Transaction, new Key160(5, 5, 5)), _node, TestContext.Current.CancellationToken);
            }
            else if (packet.Transaction.AsSpan().SequenceEqual(transaction))
            {
                return packet;
            }
        }
    }
}
