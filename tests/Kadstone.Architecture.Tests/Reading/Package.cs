using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Kadstone.Architecture.Tests.Reading;

/// <summary>A package as it lies on the disk: its manifest, its files, and the names of the sources in its symbols.</summary>
internal sealed class Package
{
    private readonly Dictionary<string, byte[]> _files;
    private readonly XElement _metadata;

    public Package(string path)
    {
        Size = new FileInfo(path).Length;
        using ZipArchive archive = ZipFile.OpenRead(path);
        _files = archive.Entries.ToDictionary(entry => entry.FullName, Bytes);
        using MemoryStream manifest = new(_files.Single(file => file.Key.EndsWith(".nuspec", StringComparison.Ordinal)).Value);
        _metadata = XDocument.Load(manifest).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
        string symbols = Path.ChangeExtension(path, ".snupkg");
        if (File.Exists(symbols))
        {
            using ZipArchive symbolArchive = ZipFile.OpenRead(symbols);
            Symbols = symbolArchive.Entries.Where(entry => entry.Name.EndsWith(".pdb", StringComparison.Ordinal)).ToDictionary(entry => entry.FullName, Bytes);
        }
    }

    public string Id => Of("id") ?? "";

    /// <summary>Bytes of the package, its symbols not counted.</summary>
    public long Size { get; }

    /// <summary>The symbol files of the package beside it; empty when there is none.</summary>
    public IReadOnlyDictionary<string, byte[]> Symbols { get; } = new Dictionary<string, byte[]>();

    public IEnumerable<string> Files => _files.Keys;

    /// <summary>The packages that come with it, by their names.</summary>
    public IEnumerable<string> Dependencies =>
        _metadata.Descendants().Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal);

    public IEnumerable<string> Types => _metadata.Descendants().Where(element => element.Name.LocalName == "packageType").Select(element => element.Attribute("name")!.Value);

    /// <summary>An element of the manifest; null when it has none.</summary>
    public string? Of(string element) => Element(element)?.Value;

    public XElement? Element(string name) => _metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name);

    public byte[]? Content(string path) => _files.GetValueOrDefault(path);

    /// <summary>The sources as the compiler wrote them down.</summary>
    public static IReadOnlyList<string> SourcesOf(byte[] symbols)
    {
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
        MetadataReader reader = provider.GetMetadataReader();
        return [.. reader.Documents.Select(handle => reader.GetString(reader.GetDocument(handle).Name))];
    }

    /// <summary>Whether the compiler promised that equal sources give equal bytes.</summary>
    public static bool IsReproducible(byte[] assembly)
    {
        using PEReader reader = new(new MemoryStream(assembly));
        return reader.ReadDebugDirectory().Any(entry => entry.Type == DebugDirectoryEntryType.Reproducible);
    }

    private static byte[] Bytes(ZipArchiveEntry entry)
    {
        using Stream stream = entry.Open();
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
