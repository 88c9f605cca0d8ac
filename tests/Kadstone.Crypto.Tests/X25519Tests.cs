namespace Kadstone.Crypto.Tests;

public sealed class X25519Tests
{
    // RFC 7748, section 5.2: the scalar and the point are both 9, once.
    [Fact]
    public void The_iteration_of_RFC_7748_gives_its_first_result()
    {
        byte[] nine = new byte[X25519.KeyLength];
        nine[0] = 9;
        byte[] secret = new byte[X25519.KeyLength];
        X25519.TryAgree(nine, nine, secret).ShouldBeTrue();
        Convert.ToHexStringLower(secret).ShouldBe("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
        byte[] publicKey = new byte[X25519.KeyLength];
        X25519.DerivePublicKey(nine, publicKey);
        publicKey.ShouldBe(secret, "9 is the base point");
    }

    [Fact]
    public void Both_sides_get_the_same_secret()
    {
        byte[][] privateKeys = [new byte[32], new byte[32]];
        byte[][] publicKeys = [new byte[32], new byte[32]];
        byte[][] secrets = [new byte[32], new byte[32]];
        for (int i = 0; i < 2; i++)
        {
            new Random(i).NextBytes(privateKeys[i]);
            X25519.DerivePublicKey(privateKeys[i], publicKeys[i]);
        }

        X25519.TryAgree(privateKeys[0], publicKeys[1], secrets[0]).ShouldBeTrue();
        X25519.TryAgree(privateKeys[1], publicKeys[0], secrets[1]).ShouldBeTrue();
        secrets[0].ShouldBe(secrets[1]);
    }

    [Fact]
    public void A_point_of_small_order_is_refused()
    {
        byte[] one = new byte[32];
        one[0] = 1;
        X25519.TryAgree(one, new byte[32], new byte[32]).ShouldBeFalse();
        X25519.TryAgree(one, one, new byte[32]).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => X25519.TryAgree(one, new byte[31], new byte[32]));
    }
}
