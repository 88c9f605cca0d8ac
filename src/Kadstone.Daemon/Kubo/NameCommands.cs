using Kadstone.Daemon.Content;
using Kadstone.Ipfs;
using Kadstone.Libp2p;

namespace Kadstone.Daemon.Kubo;

/// <summary>Keys, and the IPNS names that are published under them.</summary>
internal sealed class NameCommands(IIpfsNode node, KeyShelf keys)
{
    private const int MaxDepth = 32;
    private const int MaxPathLength = 2048;

    public IEnumerable<(string, KuboCommand)> All =>
        [("key/gen", GenerateAsync), ("key/list", ListAsync), ("key/rm", RemoveAsync), ("name/publish", PublishAsync), ("name/resolve", ResolveAsync)];

    private Task GenerateAsync(KuboCall call, CancellationToken cancellationToken)
    {
        string name = call.Argument("name");
        string type = call.Option("type") ?? "ed25519";
        bool isRsa = type.Equals("rsa", StringComparison.OrdinalIgnoreCase);
        if (!isRsa && !type.Equals("ed25519", StringComparison.OrdinalIgnoreCase))
        {
            throw KuboException.BadArgument($"unrecognized key type: {type}; ed25519 and rsa are served");
        }

        int rsaBits = isRsa ? call.Number("size", 2048, 2048, 4096) : 0;
        PeerId id = keys.Generate(name, rsaBits, out string reason) ?? throw KuboException.Failed(reason);
        return call.AnswerAsync(new KuboKey(name, NameOf(id)), KuboJson.Default.KuboKey, cancellationToken);
    }

    private Task ListAsync(KuboCall call, CancellationToken cancellationToken) =>
        call.AnswerAsync(new KuboKeys([.. keys.List().Select(key => new KuboKey(key.Name, NameOf(key.Id)))]), KuboJson.Default.KuboKeys, cancellationToken);

    private Task RemoveAsync(KuboCall call, CancellationToken cancellationToken)
    {
        _ = call.Argument("name");
        List<KuboKey> removed = [];
        foreach (string name in call.Arguments)
        {
            PeerId id = name == KeyShelf.Self
                ? throw KuboException.Failed("cannot remove key with name 'self'")
                : keys.Remove(name) ?? throw KuboException.Failed($"no key named {name} was found");
            removed.Add(new KuboKey(name, NameOf(id)));
        }

        return call.AnswerAsync(new KuboKeys(removed), KuboJson.Default.KuboKeys, cancellationToken);
    }

    private async Task PublishAsync(KuboCall call, CancellationToken cancellationToken)
    {
        string path = PathOf(call.Argument("ipfs-path"));
        if (!keys.TryGet(call.Option("key") ?? KeyShelf.Self, out PrivateKey? key))
        {
            throw KuboException.Failed("no key by the given name was found");
        }

        PublishOptions given = new();
        PublishOptions options = given with { Lifetime = call.Duration("lifetime") ?? given.Lifetime, TimeToLive = call.Duration("ttl") ?? given.TimeToLive };
        try
        {
            await node.PublishNameAsync(key, path, options, cancellationToken).ConfigureAwait(false);
        }
        catch (NoPeersException) when (call.Flag("allow-offline"))
        {
            // It is kept here, and put when there is somebody.
        }

        await call.AnswerAsync(new KuboPublished(NameOf(key.PeerId), path), KuboJson.Default.KuboPublished, cancellationToken).ConfigureAwait(false);
    }

    private async Task ResolveAsync(KuboCall call, CancellationToken cancellationToken)
    {
        string path = call.Arguments.Count > 0 ? call.Arguments[0] : NameOf(node.Identity.PeerId);
        bool isRecursive = call.Option("recursive") is null || call.Flag("recursive");
        path = path.StartsWith('/') ? path : $"/ipns/{path}";
        for (int depth = 0; path.StartsWith("/ipns/", StringComparison.Ordinal) && (depth == 0 || isRecursive); depth++)
        {
            string[] parts = path.Split('/', 4);
            if (depth == MaxDepth)
            {
                throw KuboException.Failed("could not resolve name (recursion limit exceeded)");
            }

            if (!PeerId.TryParse(parts[2], out PeerId? name))
            {
                throw KuboException.Failed($"\"{(parts[2].Length > 128 ? parts[2][..128] : parts[2])}\" is no IPNS name; names of the DNS are not resolved here");
            }

            IpnsName resolved = await node.ResolveNameAsync(name, cancellationToken).ConfigureAwait(false);
            path = parts.Length == 4 ? $"{resolved.Path}/{parts[3]}" : resolved.Path;
        }

        await call.WriteLineAsync(new KuboPath(path), KuboJson.Default.KuboPath, cancellationToken).ConfigureAwait(false);
        await call.EndAsync(cancellationToken).ConfigureAwait(false);
    }

    private static string PathOf(string text)
    {
        string path = text.StartsWith('/') ? text : $"/ipfs/{text}";
        string[] parts = path.Split('/', 4);
        bool isPath = path.Length <= MaxPathLength && parts.Length >= 3
            && ((parts[1] == "ipfs" && Cid.TryParse(parts[2], out _)) || (parts[1] == "ipns" && parts[2].Length > 0));
        return isPath ? path : throw KuboException.BadArgument($"invalid path \"{(text.Length > 128 ? text[..128] : text)}\"");
    }

    // As Kubo prints names: the CID of the key, in base 36.
    private static string NameOf(PeerId id) => id.ToCid().ToString(MultibaseEncoding.Base36);
}
