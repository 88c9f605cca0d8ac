using System.CommandLine;
using Kadstone.Cli.Parsing;
using Kadstone.Crypto;

namespace Kadstone.Cli.Verbs;

/// <summary><c>dht key show</c>: the public key of a key file.</summary>
internal sealed class KeyShowVerb : Verb
{
    private readonly Argument<string> _file = CommonOptions.Argument("FILE", "The key file.", Choices.FilePath);
    private readonly Option<OutputFormat?> _format = CommonOptions.Format();

    internal KeyShowVerb(Terminal terminal)
        : base(terminal, "show", "Prints the public key of a key file.", "dht key show me.key")
    {
        Add(_file);
        Add(_format);
    }

    protected override Task<int> RunAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        string path = arguments.GetRequiredValue(_file);
        Print(KeyFile.Read(path, "FILE", Terminal), path, new Output(Terminal, arguments.GetValue(_format) == OutputFormat.Json));
        return Task.FromResult(ExitCode.Found);
    }

    internal static void Print(byte[] seed, string path, Output output)
    {
        string publicKey = Convert.ToHexStringLower(Ed25519.CreateKeyPair(seed));
        output.Write(publicKey, json =>
        {
            json.WriteString("file", path);
            json.WriteString("public_key", publicKey);
        });
    }
}
