using System.Globalization;
using System.Text;

namespace Kadstone.Interop.Tests.Hostile;

/// <summary>Bytes that go into a message as they are, good bencode or not.</summary>
internal sealed record Raw(byte[] Bytes)
{
    public Raw(string latin1)
        : this(Encoding.Latin1.GetBytes(latin1))
    {
    }
}

/// <summary>A bencoded value. Written by the tests for the tests: nothing here is shared with the node that it examines.</summary>
internal sealed class Bencoded
{
    private readonly object _value;

    private Bencoded(object value, byte[] raw)
    {
        _value = value;
        Encoding = raw;
    }

    /// <summary>The bytes that it was read from.</summary>
    public byte[] Encoding { get; }

    public byte[] Bytes => (byte[])_value;

    public string Text => System.Text.Encoding.Latin1.GetString(Bytes);

    public long Number => (long)_value;

    public IReadOnlyList<Bencoded> Items => (List<Bencoded>)_value;

    public IReadOnlyDictionary<string, Bencoded> Entries => (Dictionary<string, Bencoded>)_value;

    public Bencoded this[string key] => Entries[key];

    public Bencoded? Find(string key) => _value is Dictionary<string, Bencoded> entries ? entries.GetValueOrDefault(key) : null;

    public bool Has(string key) => Find(key) is not null;

    /// <summary>Strict: a node that sends what is not canonical fails its test.</summary>
    public static Bencoded Read(byte[] datagram)
    {
        int position = 0;
        Bencoded value = Read(datagram, ref position);
        return position == datagram.Length ? value : throw new FormatException($"{datagram.Length - position} bytes follow the message");
    }

    /// <summary>A dictionary with its keys sorted.</summary>
    public static byte[] Dictionary(params (string Key, object Value)[] entries)
    {
        using MemoryStream stream = new();
        Write(stream, entries);
        return stream.ToArray();
    }

    public static byte[] Of(object value)
    {
        using MemoryStream stream = new();
        Write(stream, value);
        return stream.ToArray();
    }

    private static void Write(MemoryStream stream, object value)
    {
        switch (value)
        {
            case Raw raw:
                stream.Write(raw.Bytes);
                break;
            case byte[] bytes:
                stream.Write(System.Text.Encoding.ASCII.GetBytes($"{bytes.Length}:"));
                stream.Write(bytes);
                break;
            case string text:
                Write(stream, System.Text.Encoding.Latin1.GetBytes(text));
                break;
            case int or long or ulong:
                stream.Write(System.Text.Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"i{value}e")));
                break;
            case (string Key, object Value)[] entries:
                stream.WriteByte((byte)'d');
                foreach ((string key, object entry) in entries.OrderBy(entry => entry.Key, StringComparer.Ordinal))
                {
                    Write(stream, key);
                    Write(stream, entry);
                }

                stream.WriteByte((byte)'e');
                break;
            case object[] items:
                stream.WriteByte((byte)'l');
                foreach (object item in items)
                {
                    Write(stream, item);
                }

                stream.WriteByte((byte)'e');
                break;
            default:
                throw new ArgumentException($"no bencode for {value.GetType()}", nameof(value));
        }
    }

    private static Bencoded Read(byte[] data, ref int position)
    {
        int start = position;
        object value;
        switch ((char)data[position])
        {
            case 'i':
                int end = Array.IndexOf(data, (byte)'e', position);
                string digits = System.Text.Encoding.ASCII.GetString(data, position + 1, end - position - 1);
                value = long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                Require(((long)value).ToString(CultureInfo.InvariantCulture) == digits, $"the integer {digits} is not canonical");
                position = end + 1;
                break;
            case 'l':
                List<Bencoded> items = [];
                for (position++; data[position] != 'e';)
                {
                    items.Add(Read(data, ref position));
                }

                position++;
                value = items;
                break;
            case 'd':
                Dictionary<string, Bencoded> entries = [];
                string? last = null;
                for (position++; data[position] != 'e';)
                {
                    string key = Read(data, ref position).Text;
                    Require(last is null || string.CompareOrdinal(last, key) < 0, $"the key {key} does not follow {last}");
                    entries[key] = Read(data, ref position);
                    last = key;
                }

                position++;
                value = entries;
                break;
            default:
                int colon = Array.IndexOf(data, (byte)':', position);
                string length = System.Text.Encoding.ASCII.GetString(data, position, colon - position);
                int count = int.Parse(length, NumberStyles.None, CultureInfo.InvariantCulture);
                Require(count.ToString(CultureInfo.InvariantCulture) == length, $"the length {length} is not canonical");
                value = data[(colon + 1)..(colon + 1 + count)];
                position = colon + 1 + count;
                break;
        }

        return new Bencoded(value, data[start..position]);
    }

    private static void Require(bool isGood, string what)
    {
        if (!isGood)
        {
            throw new FormatException(what);
        }
    }
}
