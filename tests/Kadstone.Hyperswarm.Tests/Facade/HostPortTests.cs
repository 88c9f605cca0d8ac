using System.Net;

namespace Kadstone.Hyperswarm.Tests.Facade;

/// <summary>M047: how a bootstrap node is spelled.</summary>
public sealed class HostPortTests
{
    [Theory]
    [InlineData("10001", "127.0.0.1", 10001, null)]
    [InlineData(":10001", "127.0.0.1", 10001, null)]
    [InlineData("h:1", "h", 1, null)]
    [InlineData("1.2.3.4@host:1", "host", 1, "1.2.3.4")]
    [InlineData("1.2.3.4@host", "host", 49_737, "1.2.3.4")]
    [InlineData("h", "h", 49_737, null)]
    [InlineData("10.0.0.1:65535", "10.0.0.1", 65_535, null)]
    [InlineData(" node1.example:49737 ", "node1.example", 49_737, null)]
    public void Every_spelling_is_read(string text, string host, int port, string? address)
    {
        HostPort read = HostPort.Parse(text);
        (read.Host, read.Port, read.Address).ShouldBe((host, (ushort)port, address is null ? null : IPAddress.Parse(address)));
        HostPort.Parse(read.ToString()).ShouldBe(read);
    }

    [Fact]
    public void A_host_alone_has_the_usual_port_of_its_network()
    {
        HostPort.Parse("h").Port.ShouldBe((ushort)49_737);
        HostPort.Parse("h", HostPort.Gen1RpcPort).Port.ShouldBe((ushort)3_282);
        HostPort.Parse("h:7", HostPort.Gen1RpcPort).Port.ShouldBe((ushort)7);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("h:")]
    [InlineData("h:0")]
    [InlineData("0")]
    [InlineData("h:65536")]
    [InlineData("h:-1")]
    [InlineData("h:1x")]
    [InlineData("99999")]
    [InlineData("x@h:1")]
    [InlineData("::1@h:1")]
    [InlineData("1.2.3.4@")]
    [InlineData("1.2.3.4@:1")]
    [InlineData("a@b@c:1")]
    [InlineData("[::1]:1")]
    [InlineData("a b:1")]
    public void What_is_none_is_refused_with_a_sentence(string text)
    {
        Should.Throw<FormatException>(() => HostPort.Parse(text)).Message.ShouldContain("host:port");
        HostPort.TryParse(text, null, out _).ShouldBeFalse();
        Should.Throw<ArgumentException>(() => RpcNode.Create(new RpcOptions { Bootstrap = [text] })).Message.ShouldContain("Bootstrap");
    }

    [Fact]
    public void A_long_text_is_refused_and_null_is_a_mistake()
    {
        HostPort.TryParse(new string('a', 1_000_000), null, out _).ShouldBeFalse();
        HostPort.TryParse(null, null, out _).ShouldBeFalse();
        Should.Throw<ArgumentNullException>(() => HostPort.Parse(null!));
    }
}
