using System.Globalization;
using System.Text.Json;

namespace Kadstone.Cli.Verbs.Product.Records;

/// <param name="Shelf">Which shelf it is on.</param>
/// <param name="Key">Its key in hex.</param>
/// <param name="Bytes">How long its value is.</param>
/// <param name="Sequence">Its version; 0 where there are none.</param>
/// <param name="Expires">When it is forgotten.</param>
/// <param name="IsOwn">Whether we put it there for ourselves.</param>
/// <param name="Value">The value; null: a list of the daemon does not show it.</param>
internal sealed record ListedRecord(string Shelf, string Key, int Bytes, long Sequence, DateTimeOffset Expires, bool IsOwn, ReadOnlyMemory<byte>? Value)
{
    internal string ExpiresText => Expires.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Shelf} {Key} {Bytes} bytes, version {Sequence}, until {ExpiresText}{(IsOwn ? ", own" : "")}");

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteString("shelf", Shelf);
        json.WriteString("key", Key);
        json.WriteNumber("bytes", Bytes);
        json.WriteNumber("sequence", Sequence);
        json.WriteString("expires", ExpiresText);
        json.WriteBoolean("is_own", IsOwn);
        if (Value is ReadOnlyMemory<byte> value)
        {
            json.WriteBase64String("value", value.Span);
        }
    }
}
