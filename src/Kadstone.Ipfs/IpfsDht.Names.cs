namespace Kadstone.Ipfs;

public sealed partial class IpfsDht
{
    /// <summary>Lets an IPNS name lead to a path: makes a record, signs it, and puts it.</summary>
    /// <param name="key">The name's key; ours or any other.</param>
    /// <param name="path">Where it leads, such as <c>/ipfs/bafy…</c>.</param>
    /// <param name="options">For how long.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RecordRejectedException">A record with a higher number is stored already, or no peer took ours.</exception>
    public async Task<IpnsName> PublishNameAsync(PrivateKey key, string path, PublishOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    /// <summary>Where an IPNS name leads.</summary>
    /// <exception cref="RecordNotFoundException">There is no valid record.</exception>
    public async Task<IpnsName> ResolveNameAsync(PeerId name, GetOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
