using System.Net;
using System.Security.Cryptography;
using Kadstone.Crypto;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>BEP 44 over real UDP, with real signatures and with every wrong one.</summary>
public abstract class ItemTests(NodeFixture fixture)
{
    private const int Protocol = 203;
    private const int ValueTooBig = 205;
    private const int BadSignature = 206;
    private const int SaltTooBig = 207;
    private const int CasMismatch = 301;
    private const int NotNewer = 302;

    private IPEndPoint To => fixture.Node.Endpoint;

    public static TheoryData<string> GoodValues => [
        "0:", "12:Hello World!", "i0e", "i-5e", "i9223372036854775807e", "le", "de", "li1ei2e3:abce", "d1:ai1e1:bli2eee",
        $"996:{new string('x', 996)}",
    ];

    public static TheoryData<string> BadValues => [
        "d1:bi1e1:ai2ee", "d1:ai1e1:ai1ee", "i00e", "i-0e", "i03e", "01:a", "l01:ae", "di1ei2ee", "d1:ae",
    ];

    [Theory]
    [MemberData(nameof(GoodValues))]
    public async Task An_immutable_item_comes_back_byte_for_byte(string value)
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Raw v = new(value);
        byte[] target = SHA1.HashData(v.Bytes);
        byte[] token = await TokenAsync(stranger, target);
        (await stranger.AskAsync(To, "put", ("token", token), ("v", v))).Code.ShouldBe(0);
        Answer got = await stranger.AskAsync(To, "get", ("target", target));
        got.Values["v"].Encoding.ShouldBe(v.Bytes);
        got.Values.Has("token").ShouldBeTrue();
        got.Values.Has("k").ShouldBeFalse();
        got.Values.Has("seq").ShouldBeFalse();
        got.Values.Has("sig").ShouldBeFalse();
        got.Length.ShouldBeLessThanOrEqualTo(1_280);
        (await stranger.AskAsync(To, "get", ("seq", 7), ("target", target))).Values["v"].Encoding.ShouldBe(v.Bytes, "an immutable item has no seq to compare");
    }

    [Theory]
    [MemberData(nameof(BadValues))]
    public async Task What_is_not_canonical_is_not_stored(string value)
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Raw v = new(value);
        byte[] target = SHA1.HashData(v.Bytes);
        byte[] token = await TokenAsync(stranger, target);
        byte[] transaction = RandomNumberGenerator.GetBytes(4);
        byte[] put = stranger.Query("put", stranger.WithId([("token", token), ("v", v)]), transaction);
        if (await stranger.TrySendAsync(To, put, transaction, TimeSpan.FromMilliseconds(500)) is Answer answer)
        {
            answer.Code.ShouldBe(Protocol);
        }

        (await stranger.AskAsync(To, "get", ("target", target))).Values.Has("v").ShouldBeFalse();
    }

    [Fact]
    public async Task Immutable_puts_are_refused_with_the_right_codes()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Raw value = new("5:hello");
        byte[] target = SHA1.HashData(value.Bytes);
        byte[] other = RandomNumberGenerator.GetBytes(20);
        byte[] token = await TokenAsync(stranger, target);
        byte[] tokenOfOther = await TokenAsync(stranger, other);
        (await stranger.AskAsync(To, "put", ("token", tokenOfOther), ("v", value))).Code.ShouldBe(Protocol, "the token of another target");
        (await stranger.AskAsync(To, "put", ("target", other), ("token", tokenOfOther), ("v", value))).Code.ShouldBe(Protocol, "a target that is not the value's");
        (await stranger.AskAsync(To, "put", ("v", value))).Code.ShouldBe(Protocol, "no token");
        (await stranger.AskAsync(To, "put", ("token", 5), ("v", value))).Code.ShouldBe(Protocol, "an integer for a token");
        (await stranger.AskAsync(To, "put", ("token", token))).Code.ShouldBe(Protocol, "no value");
        await using (Stranger thief = await new Stranger().ProveAsync(To))
        {
            (await thief.AskAsync(To, "put", ("token", token), ("v", value))).Code.ShouldBe(Protocol, "the token of another address");
        }

        Raw long1000 = new($"996:{new string('y', 996)}");
        Raw long1001 = new($"997:{new string('y', 997)}");
        long1001.Bytes.Length.ShouldBe(1001);
        (await stranger.AskAsync(To, "put", ("token", await TokenAsync(stranger, SHA1.HashData(long1000.Bytes))), ("v", long1000))).Code.ShouldBe(0);
        (await stranger.AskAsync(To, "put", ("token", await TokenAsync(stranger, SHA1.HashData(long1001.Bytes))), ("v", long1001))).Code.ShouldBe(ValueTooBig);
        (await stranger.AskAsync(To, "get", ("target", target))).Values.Has("v").ShouldBeFalse();
        Answer missing = await stranger.AskAsync(To, "get", ("target", other));
        missing.Values.Has("v").ShouldBeFalse();
        _ = missing.Nodes();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64)]
    public async Task A_mutable_item_lives_by_its_sequence_number(int saltLength)
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Owner owner = new(RandomNumberGenerator.GetBytes(saltLength));
        byte[] token = await TokenAsync(stranger, owner.Target);
        async Task<int> PutAsync(long sequence, string value, long? cas = null) =>
            (await stranger.AskAsync(To, "put", [.. owner.Sign(sequence, value), ("token", token), .. cas is long c ? new (string, object)[] { ("cas", c) } : []])).Code;
        async Task HoldsAsync(long sequence, string value)
        {
            Bencoded got = (await stranger.AskAsync(To, "get", ("target", owner.Target))).Values;
            got["seq"].Number.ShouldBe(sequence);
            got["v"].Encoding.ShouldBe(new Raw(value).Bytes);
            got["k"].Bytes.ShouldBe(owner.PublicKey);
            owner.Verifies(got).ShouldBeTrue();
            got.Has("salt").ShouldBeFalse();
        }

        (await PutAsync(0, "4:zero", cas: 99)).ShouldBe(0, "nothing is stored that cas could be compared with");
        await HoldsAsync(0, "4:zero");
        (await PutAsync(5, "4:five")).ShouldBe(0);
        (await PutAsync(5, "4:five")).ShouldBe(0, "the same again keeps it alive");
        (await PutAsync(5, "4:FIVE")).ShouldBe(NotNewer, "one sequence number, one value");
        (await PutAsync(4, "4:four")).ShouldBe(NotNewer);
        (await PutAsync(6, "3:six", cas: 4)).ShouldBe(CasMismatch);
        await HoldsAsync(5, "4:five");
        (await PutAsync(6, "3:six", cas: 5)).ShouldBe(0);
        (await PutAsync(7, "d1:ai1ee")).ShouldBe(0);
        await HoldsAsync(7, "d1:ai1ee");
        (await PutAsync(long.MaxValue, "3:max")).ShouldBe(0);
        await HoldsAsync(long.MaxValue, "3:max");
        (await PutAsync(7, "d1:ai1ee")).ShouldBe(NotNewer, "an old one replayed");

        foreach (long known in (long[])[long.MaxValue])
        {
            Bencoded got = (await stranger.AskAsync(To, "get", ("seq", known), ("target", owner.Target))).Values;
            got["seq"].Number.ShouldBe(long.MaxValue);
            got.Has("v").ShouldBeFalse();
            got.Has("k").ShouldBeFalse();
            got.Has("sig").ShouldBeFalse();
            got.Has("token").ShouldBeTrue();
            got.Has("nodes").ShouldBeTrue();
        }

        (await stranger.AskAsync(To, "get", ("seq", 7), ("target", owner.Target))).Values["v"].Text.ShouldBe("max");
        (await stranger.AskAsync(To, "get", ("seq", -1), ("target", owner.Target))).Values["v"].Text.ShouldBe("max");
        (await stranger.AskAsync(To, "get", ("seq", "7"), ("target", owner.Target))).Code.ShouldBe(Protocol);
    }

    [Fact]
    public async Task Mutable_puts_are_refused_with_the_right_codes_and_leave_nothing()
    {
        await using Stranger stranger = await new Stranger().ProveAsync(To);
        Owner owner = new("salt"u8.ToArray());
        byte[] token = await TokenAsync(stranger, owner.Target);
        (string Key, object Value)[] good = [.. owner.Sign(1, "5:hello"), ("token", token)];
        (string, object)[] With(string key, object value) => [.. good.Where(entry => entry.Key != key), (key, value)];
        (string, object)[] Without(string key) => [.. good.Where(entry => entry.Key != key)];
        byte[] signature = (byte[])good.Single(entry => entry.Key == "sig").Value;
        async Task RefusedAsync((string, object)[] arguments, int code, string why)
        {
            (await stranger.AskAsync(To, "put", arguments)).Code.ShouldBe(code, why);
            (await stranger.AskAsync(To, "get", ("target", owner.Target))).Values.Has("v").ShouldBeFalse(why);
        }

        await RefusedAsync(With("seq", -1), Protocol, "a negative seq");
        await RefusedAsync(With("seq", ulong.MaxValue), Protocol, "a seq beyond 63 bits");
        await RefusedAsync(With("seq", "1"), Protocol, "a string for seq");
        await RefusedAsync(Without("seq"), Protocol, "no seq");
        await RefusedAsync(Without("sig"), Protocol, "no signature");
        await RefusedAsync(Without("k"), Protocol, "no key");
        await RefusedAsync(With("k", owner.PublicKey[..31]), Protocol, "a key of 31 bytes");
        await RefusedAsync(With("k", (byte[])[.. owner.PublicKey, 0]), Protocol, "a key of 33 bytes");
        await RefusedAsync(With("sig", signature[..63]), Protocol, "a signature of 63 bytes");
        await RefusedAsync(With("sig", (byte[])[.. signature, 0]), Protocol, "a signature of 65 bytes");
        await RefusedAsync(With("cas", "1"), Protocol, "a string for cas");
        await RefusedAsync(With("salt", 5), Protocol, "an integer for salt");
        await RefusedAsync(With("v", new Raw($"997:{new string('x', 997)}")), ValueTooBig, "1,001 bytes");
        await RefusedAsync(With("salt", new byte[65]), SaltTooBig, "a salt of 65 bytes");
        await RefusedAsync(With("token", new byte[8]), Protocol, "a wrong token");
        await RefusedAsync(With("v", new Raw("5:HELLO")), BadSignature, "another value");
        await RefusedAsync(With("seq", 2), BadSignature, "another seq");
        await RefusedAsync(With("sig", new byte[64]), BadSignature, "a signature of zeros");
        byte[] bent = [.. signature];
        bent[3] ^= 1;
        await RefusedAsync(With("sig", bent), BadSignature, "a bent signature");
        await RefusedAsync(With("sig", AddOrder(signature)), BadSignature, "S plus the group's order");

        Owner saltless = new([], owner.Seed);
        byte[] tokenOfSaltless = await TokenAsync(stranger, saltless.Target);
        (string, object)[] moved = [.. good.Where(entry => entry.Key is not "salt" and not "token"), ("token", tokenOfSaltless)];
        (await stranger.AskAsync(To, "put", moved)).Code.ShouldBe(BadSignature, "signed for a salt, put without one");

        byte[] zero = new byte[32];
        byte[] tokenOfZero = await TokenAsync(stranger, SHA1.HashData(zero));
        (await stranger.AskAsync(To, "put", ("k", zero), ("seq", 1), ("sig", new byte[64]), ("token", tokenOfZero), ("v", "x"))).Code.ShouldBe(BadSignature, "the key of zeros");

        (await stranger.AskAsync(To, "put", good)).Code.ShouldBe(0, "and the good one is taken");
        (await stranger.AskAsync(To, "put", ("token", token), ("v", "unsigned"))).Code.ShouldBe(Protocol, "an unsigned value with the token of a key's target");
        (await stranger.AskAsync(To, "get", ("target", owner.Target))).Values["v"].Text.ShouldBe("hello");
    }

    private async Task<byte[]> TokenAsync(Stranger stranger, byte[] target) =>
        (await stranger.AskAsync(To, "get", ("target", target))).Values["token"].Bytes;

    // RFC 8032, 5.1: L = 2^252 + 27742317777372353535851937790883648493, little endian, added to the second half.
    private static byte[] AddOrder(byte[] signature)
    {
        byte[] order = Convert.FromHexString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        byte[] sum = [.. signature];
        int carry = 0;
        for (int i = 0; i < 32; i++)
        {
            carry += sum[32 + i] + order[i];
            sum[32 + i] = (byte)carry;
            carry >>= 8;
        }

        return sum;
    }

    /// <summary>A key pair with a salt.</summary>
    private sealed class Owner(byte[] salt, byte[]? seed = null)
    {
        public byte[] Seed { get; } = seed ?? RandomNumberGenerator.GetBytes(32);

        public byte[] PublicKey => Ed25519.CreateKeyPair(Seed);

        public byte[] Target => SHA1.HashData([.. PublicKey, .. salt]);

        public (string Key, object Value)[] Sign(long sequence, string value)
        {
            byte[] signature = new byte[64];
            Ed25519.Sign(Signed(sequence, new Raw(value).Bytes), Seed, signature);
            return [("k", PublicKey), ("seq", sequence), ("sig", signature), ("v", new Raw(value)), .. salt.Length == 0 ? Array.Empty<(string, object)>() : [("salt", salt)]];
        }

        public bool Verifies(Bencoded got) => Ed25519.Verify(got["sig"].Bytes, Signed(got["seq"].Number, got["v"].Encoding), PublicKey);

        private byte[] Signed(long sequence, byte[] value) =>
        [
            .. salt.Length == 0 ? [] : (byte[])[.. "4:salt"u8, .. Bencoded.Of(salt)],
            .. "3:seq"u8,
            .. Bencoded.Of(sequence),
            .. "1:v"u8,
            .. value,
        ];
    }
}

/// <summary>With all defaults.</summary>
public sealed class GuardedItemTests(GuardedNode fixture) : ItemTests(fixture), IClassFixture<GuardedNode>;

/// <summary>Without limits and diversity.</summary>
public sealed class OpenItemTests(OpenNode fixture) : ItemTests(fixture), IClassFixture<OpenNode>;
