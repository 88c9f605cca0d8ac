using System.Security.Cryptography;

namespace Kadstone.Crypto.Tests;

public sealed class Ed25519Tests
{
    // BEP 44, "Test vectors".
    private const string Bep44PublicKey = "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548";
    private const string Bep44ExpandedKey = "e06d3183d14159228433ed599221b80bd0a5ce8352e4bdf0262f76786ef1c74db7e7a9fea2c0eb269d61e3b38e450a22e754941ac78479d6c54e1faf6037881d";

    // RFC 8032, section 7.1, TEST 1 to 3: seed, public key, message, signature.
    public static TheoryData<string, string, string, string> Rfc8032 => new()
    {
        {
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        },
        {
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        },
        {
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        },
    };

    // BEP 44, tests 1 and 2: what is signed, signature.
    public static TheoryData<string, string> Bep44 => new()
    {
        {
            "3:seqi1e1:v12:Hello World!",
            "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01"
        },
        {
            "4:salt6:foobar3:seqi1e1:v12:Hello World!",
            "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17ddf9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08"
        },
    };

    [Theory]
    [MemberData(nameof(Rfc8032))]
    public void The_vectors_of_RFC_8032_hold_for_seed_and_secret_key(string seedHex, string publicKeyHex, string messageHex, string signatureHex)
    {
        byte[] seed = Hex(seedHex);
        byte[] message = Hex(messageHex);
        byte[] publicKey = new byte[Ed25519.PublicKeyLength];
        byte[] secretKey = new byte[Ed25519.SecretKeyLength];
        Ed25519.CreateKeyPair(seed, publicKey, secretKey);

        publicKey.ShouldBe(Hex(publicKeyHex));
        Ed25519.CreateKeyPair(seed).ShouldBe(publicKey);
        secretKey.ShouldBe([.. seed, .. publicKey]);
        Sign(message, seed).ShouldBe(Hex(signatureHex));
        Sign(message, secretKey).ShouldBe(Hex(signatureHex));
        Ed25519.Verify(Hex(signatureHex), message, publicKey).ShouldBeTrue();
    }

    [Theory]
    [MemberData(nameof(Rfc8032))]
    public void An_expanded_key_signs_as_its_seed_does(string seedHex, string publicKeyHex, string messageHex, string signatureHex)
    {
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.SignExpanded(Hex(messageHex), Expand(Hex(seedHex)), Hex(publicKeyHex), signature);
        signature.ShouldBe(Hex(signatureHex));
    }

    [Theory]
    [MemberData(nameof(Bep44))]
    public void The_vectors_of_BEP_44_hold_with_their_expanded_key(string text, string signatureHex)
    {
        byte[] message = System.Text.Encoding.ASCII.GetBytes(text);
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.SignExpanded(message, Hex(Bep44ExpandedKey), Hex(Bep44PublicKey), signature);

        signature.ShouldBe(Hex(signatureHex));
        Ed25519.Verify(signature, message, Hex(Bep44PublicKey)).ShouldBeTrue();
    }

    [Fact]
    public void A_thousand_random_keys_sign_alike_in_all_three_forms()
    {
        Random chance = new(44);
        byte[] seed = new byte[Ed25519.SeedLength];
        byte[] signature = new byte[Ed25519.SignatureLength];
        for (int i = 0; i < 1000; i++)
        {
            chance.NextBytes(seed);
            byte[] message = new byte[chance.Next(0, 1100)];
            chance.NextBytes(message);
            byte[] publicKey = Ed25519.CreateKeyPair(seed);
            Ed25519.SignExpanded(message, Expand(seed), publicKey, signature);

            signature.ShouldBe(Sign(message, seed));
            Ed25519.Verify(signature, message, publicKey).ShouldBeTrue();
        }
    }

    [Fact]
    public void One_flipped_bit_anywhere_is_refused()
    {
        byte[] seed = Hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        byte[] publicKey = Ed25519.CreateKeyPair(seed);
        byte[] message = [0xaf, 0x82];
        byte[] signature = Sign(message, seed);

        foreach (byte[] part in new[] { signature, message, publicKey })
        {
            for (int bit = 0; bit < part.Length * 8; bit++)
            {
                part[bit / 8] ^= (byte)(1 << (bit % 8));
                Ed25519.Verify(signature, message, publicKey).ShouldBeFalse();
                part[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        Ed25519.Verify(signature, message, publicKey).ShouldBeTrue();
    }

    [Fact]
    public void A_signature_with_S_raised_by_the_order_is_refused()
    {
        byte[] seed = Hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        byte[] signature = Sign([0x72], seed);

        // RFC 8032, section 5.1: L = 2^252 + 27742317777372353535851937790883648493, little-endian here.
        byte[] order = Hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        int carry = 0;
        for (int i = 0; i < 32; i++)
        {
            carry += signature[32 + i] + order[i];
            signature[32 + i] = (byte)carry;
            carry >>= 8;
        }

        Ed25519.Verify(signature, [0x72], Ed25519.CreateKeyPair(seed)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0100000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")]
    [InlineData("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")]
    [InlineData("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")]
    public void A_public_key_of_small_order_is_refused_whatever_it_signs(string publicKeyHex)
    {
        // R = the neutral point and S = 0: valid under a small-order key for every message whose challenge cancels the key's order.
        byte[] signature = new byte[Ed25519.SignatureLength];
        signature[0] = 1;
        for (byte i = 0; i < 64; i++)
        {
            Ed25519.Verify(signature, [i], Hex(publicKeyHex)).ShouldBeFalse();
        }

        Ed25519.Verify(new byte[Ed25519.SignatureLength], [], Hex(publicKeyHex)).ShouldBeFalse();
    }

    [Fact]
    public void A_public_key_that_is_not_canonical_is_refused()
    {
        // y = p + 1, the neutral point spelled otherwise.
        byte[] signature = new byte[Ed25519.SignatureLength];
        signature[0] = 1;
        Ed25519.Verify(signature, [], Hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")).ShouldBeFalse();
    }

    [Fact]
    public void Wrong_lengths_in_a_packet_are_false_and_not_an_exception()
    {
        byte[] publicKey = Hex(Bep44PublicKey);
        Ed25519.Verify(new byte[63], [], publicKey).ShouldBeFalse();
        Ed25519.Verify(new byte[65], [], publicKey).ShouldBeFalse();
        Ed25519.Verify([], [], publicKey).ShouldBeFalse();
        Ed25519.Verify(new byte[64], [], publicKey.AsSpan(1)).ShouldBeFalse();
        Ed25519.Verify(new byte[64], [], [.. publicKey, 0]).ShouldBeFalse();
    }

    [Fact]
    public void Wrong_lengths_of_ones_own_keys_are_misuse()
    {
        byte[] signature = new byte[64];
        Should.Throw<ArgumentException>(() => Ed25519.CreateKeyPair(new byte[31]));
        Should.Throw<ArgumentException>(() => Ed25519.Sign([], new byte[63], signature));
        Should.Throw<ArgumentException>(() => Ed25519.Sign([], new byte[32], new byte[63]));
        Should.Throw<ArgumentException>(() => Ed25519.SignExpanded([], new byte[32], new byte[32], signature));
    }

    [Fact]
    public void An_expanded_key_does_not_sign_under_a_strangers_public_key()
    {
        byte[] stranger = Ed25519.CreateKeyPair(new byte[32]);
        Should.Throw<ArgumentException>(() => Ed25519.SignExpanded([], Hex(Bep44ExpandedKey), stranger, new byte[64]))
            .ParamName.ShouldBe("publicKey");
        Should.Throw<ArgumentException>(() => Ed25519.SignExpanded([], new byte[64], stranger, new byte[64]));
    }

    private static byte[] Sign(byte[] message, byte[] key)
    {
        byte[] signature = new byte[Ed25519.SignatureLength];
        Ed25519.Sign(message, key, signature);
        return signature;
    }

    // RFC 8032, section 5.1.5, steps 1 and 2.
    private static byte[] Expand(byte[] seed)
    {
        byte[] expanded = SHA512.HashData(seed);
        expanded[0] &= 0b1111_1000;
        expanded[31] &= 0b0111_1111;
        expanded[31] |= 0b0100_0000;
        return expanded;
    }

    private static byte[] Hex(string text) => Convert.FromHexString(text);

    [Fact]
    public void Only_points_that_somebody_can_have_the_key_of_are_public_keys()
    {
        Ed25519.IsPublicKey(Convert.FromHexString(Bep44PublicKey)).ShouldBeTrue();
        Ed25519.IsPublicKey(Ed25519.CreateKeyPair(new byte[32])).ShouldBeTrue();

        // y = 2 is on no point; 0 and 1 are of small order; y = 2^255 - 1 is not canonical; and what is no 32 bytes is none.
        foreach (byte first in (byte[])[0, 1, 2])
        {
            Ed25519.IsPublicKey([first, .. new byte[31]]).ShouldBeFalse();
        }

        Ed25519.IsPublicKey([.. Enumerable.Repeat((byte)0xFF, 32)]).ShouldBeFalse();
        Ed25519.IsPublicKey(new byte[31]).ShouldBeFalse();
        Ed25519.IsPublicKey([]).ShouldBeFalse();
    }
}
