using Kadstone.Crypto;
using Kadstone.Daemon.Content;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Tests;

public sealed class KeyShelfTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kadstone-keys-").FullName;
    private readonly PrivateKey _self = PrivateKey.Generate(new SecureRandom());

    [Theory]
    [InlineData(0)]
    [InlineData(2048)]
    public void Keys_are_there_again_after_a_restart(int rsaBits)
    {
        PeerId id = new KeyShelf(_self, _folder).Generate("blog", rsaBits, out _).ShouldNotBeNull();
        KeyShelf again = new(_self, _folder);
        again.List().ShouldBe([("self", _self.PeerId), ("blog", id)]);
        again.TryGet("blog", out PrivateKey? key).ShouldBeTrue();
        key.PublicKey.Verify("text"u8, key.Sign("text"u8)).ShouldBeTrue();
    }

    [Fact]
    public void A_key_file_is_its_owners_alone_and_gone_with_its_key()
    {
        KeyShelf shelf = new(_self, _folder);
        shelf.Generate("blog", 0, out _);
        string file = Directory.GetFiles(_folder).ShouldHaveSingleItem();
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        shelf.Remove("blog").ShouldNotBeNull();
        Directory.GetFiles(_folder).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("self")]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData("nul\0")]
    public void Some_names_are_refused(string name)
    {
        new KeyShelf(_self, _folder).Generate(name, 0, out string reason).ShouldBeNull();
        reason.ShouldNotBeEmpty();
        Directory.GetFiles(_folder).ShouldBeEmpty();
    }

    [Fact]
    public void A_key_is_found_by_its_id_too()
    {
        KeyShelf shelf = new(_self, folder: null);
        PeerId id = shelf.Generate("blog", 0, out _).ShouldNotBeNull();
        shelf.TryGet(id.ToCid().ToString(MultibaseEncoding.Base36), out PrivateKey? key).ShouldBeTrue();
        key.PeerId.ShouldBe(id);
        shelf.TryGet(_self.PeerId.ToString(), out PrivateKey? self).ShouldBeTrue();
        self.ShouldBeSameAs(_self);
        shelf.TryGet("nobody", out _).ShouldBeFalse();
        (shelf.Of(id), shelf.Of(_self.PeerId)).ShouldBe((key, _self));
        shelf.Remove("blog");
        shelf.Of(id).ShouldBeNull();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
