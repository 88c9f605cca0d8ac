using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Kadstone.Interop.Tests.Harness;

/// <summary>A file of 200 KB and its .torrent, which names no tracker: the DHT is the only way to its seeder.</summary>
internal sealed class TrackerlessTorrent : IDisposable
{
    private const int Length = 200_000;
    private const int PieceLength = 16_384;
    private const string FileName = "payload.bin";

    private readonly TemporaryDirectory _directory = new();
    private readonly byte[] _content = RandomNumberGenerator.GetBytes(Length);

    public TrackerlessTorrent()
    {
        byte[] pieces = [.. _content.Chunk(PieceLength).SelectMany(SHA1.HashData)];
        byte[] info = [.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"d6:lengthi{Length}e4:name{FileName.Length}:{FileName}12:piece lengthi{PieceLength}e6:pieces{pieces.Length}:")), .. pieces, (byte)'e'];
        InfoHash = Convert.ToHexStringLower(SHA1.HashData(info));
        TorrentFile = _directory.File("payload.torrent");
        File.WriteAllBytes(TorrentFile, [.. "d4:info"u8, .. info, (byte)'e']);
        SeedDirectory = Directory.CreateDirectory(_directory.File("seed")).FullName;
        LeechDirectory = Directory.CreateDirectory(_directory.File("leech")).FullName;
        File.WriteAllBytes(Path.Combine(SeedDirectory, FileName), _content);
    }

    public string InfoHash { get; }

    public string TorrentFile { get; }

    public string MagnetLink => $"magnet:?xt=urn:btih:{InfoHash}";

    /// <summary>Holds the file.</summary>
    public string SeedDirectory { get; }

    /// <summary>Is empty.</summary>
    public string LeechDirectory { get; }

    /// <summary>Waits until the leecher's file is the seeder's, byte for byte.</summary>
    public Task WaitForDownloadAsync(TimeSpan guard) =>
        Eventually.GetAsync("the download", () => Task.FromResult(IsDownloaded()), done => done, guard);

    public void Dispose() => _directory.Dispose();

    private bool IsDownloaded()
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(LeechDirectory, FileName)).AsSpan().SequenceEqual(_content);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
