namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Public keys as people write them.</summary>
public sealed class PublicKeyTextTests
{
    private const string ZBase32 = "tkrq8zmwb8a3m9k15csu3q17qmfgqnp9dskbrg9uq1rydpyxp7qy";

    [Fact]
    public void Any_key_survives_its_text()
    {
        Random chance = new(1);
        byte[] key = new byte[32];
        byte[] parsed = new byte[32];
        for (int i = 0; i < 10_000; i++)
        {
            chance.NextBytes(key);
            string text = PublicKeyText.ToZBase32(key);
            text.Length.ShouldBe(PublicKeyText.ZBase32Length);
            PublicKeyText.TryParse(text, parsed).ShouldBeTrue();
            parsed.ShouldBe(key);
            PublicKeyText.TryParse(Convert.ToHexStringLower(key), parsed).ShouldBeTrue();
            parsed.ShouldBe(key);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("8a88e3")]
    [InlineData("tkrq8zmwb8a3m9k15csu3q17qmfgqnp9dskbrg9uq1rydpyxp7q")]
    [InlineData("tkrq8zmwb8a3m9k15csu3q17qmfgqnp9dskbrg9uq1rydpyxp7qyy")]
    [InlineData("lkrq8zmwb8a3m9k15csu3q17qmfgqnp9dskbrg9uq1rydpyxp7qy")]
    [InlineData("tkrq8zmwb8a3m9k15csu3q17qmfgqnp9dskbrg9uq1rydpyxp7qb")]
    [InlineData("TKRQ8ZMWB8A3M9K15CSU3Q17QMFGQNP9DSKBRG9UQ1RYDPYXP7QY")]
    [InlineData("zz88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c")]
    public void What_is_no_key_changes_nothing(string text)
    {
        byte[] key = [.. Enumerable.Repeat((byte)7, 32)];
        PublicKeyText.TryParse(text, key).ShouldBeFalse();
        key.ShouldAllBe(part => part == 7);
    }

    [Fact]
    public void Every_character_counts()
    {
        byte[] expected = new byte[32];
        PublicKeyText.TryParse(ZBase32, expected).ShouldBeTrue();
        byte[] key = new byte[32];
        for (int place = 0; place < ZBase32.Length - 1; place++)
        {
            char[] text = ZBase32.ToCharArray();
            text[place] = text[place] == 'y' ? 'b' : 'y';
            PublicKeyText.TryParse(text, key).ShouldBeTrue();
            key.ShouldNotBe(expected);
        }
    }

    [Fact]
    public void A_key_has_32_bytes() => Should.Throw<ArgumentException>(() => PublicKeyText.ToZBase32(new byte[31]));
}
