using System.Globalization;
using System.Text;
using Kadstone.Datagrams;
using Kadstone.Kademlia;

namespace Kadstone.Mainline.Tests.Core;

/// <summary>A second bencoder, as plain as can be: what the tests say on the wire does not come from the code under test.</summary>
internal static class Krpc
{
    /// <summary>Bytes that stand as they are, well formed or not.</summary>
    internal sealed record Raw(byte[] Bytes);

    internal static byte[] Query(string method, Key160 id, params (string Key, object Value)[] arguments) =>
        Query(method, "aa", id, arguments);

    internal static byte[] Query(string method, object transaction, Key160 id, params (string Key, object Value)[] arguments) =>
        Message(("a", Dictionary([("id", id), .. arguments])), ("q", method), ("t", transaction), ("y", "q"));

    internal static byte[] ReadOnlyQuery(string method, Key160 id, params (string Key, object Value)[] arguments) =>
        Message(("a", Dictionary([("id", id), .. arguments])), ("q", method), ("ro", 1), ("t", "aa"), ("y", "q"));

    internal static byte[] Response(object transaction, Key160 id, params (string Key, object Value)[] values) =>
        Message(("r", Dictionary([("id", id), .. values])), ("t", transaction), ("y", "r"));

    /// <summary>A response that tells the asker its address (BEP 42).</summary>
    internal static byte[] ResponseTo(UdpEndpoint seen, object transaction, Key160 id, params (string Key, object Value)[] values) =>
        Message(("ip", Compact(seen)), ("r", Dictionary([("id", id), .. values])), ("t", transaction), ("y", "r"));

    internal static byte[] Error(object transaction, int code, string text) =>
        Message(("e", new object[] { code, text }), ("t", transaction), ("y", "e"));

    internal static byte[] Message(params (string Key, object Value)[] entries) => Encode(Dictionary(entries));

    internal static SortedDictionary<string, object> Dictionary(params (string Key, object Value)[] entries)
    {
        SortedDictionary<string, object> dictionary = new(StringComparer.Ordinal);
        foreach ((string key, object value) in entries)
        {
            dictionary[key] = value;
        }

        return dictionary;
    }

    internal static byte[] Compact(UdpEndpoint endpoint)
    {
        byte[] bytes = new byte[endpoint.CompactLength];
        endpoint.WriteCompact(bytes);
        return bytes;
    }

    internal static byte[] Nodes(params IEnumerable<NodeContact> contacts) =>
        [.. contacts.SelectMany(contact => (byte[])[.. contact.Id.ToByteArray(), .. Compact(contact.Endpoint)])];

    internal static byte[] Encode(object value)
    {
        List<byte> bytes = [];
        Write(bytes, value);
        return [.. bytes];
    }

    private static void Write(List<byte> bytes, object value)
    {
        switch (value)
        {
            case Raw raw:
                bytes.AddRange(raw.Bytes);
                break;
            case byte[] text:
                bytes.AddRange(Encoding.ASCII.GetBytes(text.Length + ":"));
                bytes.AddRange(text);
                break;
            case string text:
                Write(bytes, Encoding.Latin1.GetBytes(text));
                break;
            case Key160 key:
                Write(bytes, key.ToByteArray());
                break;
            case SortedDictionary<string, object> dictionary:
                bytes.Add((byte)'d');
                foreach ((string key, object entry) in dictionary)
                {
                    Write(bytes, key);
                    Write(bytes, entry);
                }

                bytes.Add((byte)'e');
                break;
            case object[] list:
                bytes.Add((byte)'l');
                foreach (object entry in list)
                {
                    Write(bytes, entry);
                }

                bytes.Add((byte)'e');
                break;
            default:
                bytes.AddRange(Encoding.ASCII.GetBytes("i" + Convert.ToString(value, CultureInfo.InvariantCulture) + "e"));
                break;
        }
    }

    /// <summary>Reads one value: a dictionary, an array, bytes or a number. Throws on anything that is not strict bencode.</summary>
    internal static object Decode(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        object value = Read(bytes, ref at);
        at.ShouldBe(bytes.Length, "bytes behind the message");
        return value;
    }

    private static object Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        switch (bytes[at])
        {
            case (byte)'i':
                int end = at + bytes[at..].IndexOf((byte)'e');
                long number = long.Parse(bytes[(at + 1)..end], CultureInfo.InvariantCulture);
                at = end + 1;
                return number;
            case (byte)'l':
                List<object> list = [];
                for (at++; bytes[at] != 'e';)
                {
                    list.Add(Read(bytes, ref at));
                }

                at++;
                return list.ToArray();
            case (byte)'d':
                SortedDictionary<string, object> dictionary = new(StringComparer.Ordinal);
                string last = string.Empty;
                for (at++; bytes[at] != 'e';)
                {
                    string key = Encoding.Latin1.GetString((byte[])Read(bytes, ref at));
                    string.CompareOrdinal(last, key).ShouldBeLessThan(0, $"key {key} follows {last}");
                    dictionary.Add(key, Read(bytes, ref at));
                    last = key;
                }

                at++;
                return dictionary;
            default:
                int colon = at + bytes[at..].IndexOf((byte)':');
                int length = int.Parse(bytes[at..colon], CultureInfo.InvariantCulture);
                at = colon + 1 + length;
                return bytes.Slice(colon + 1, length).ToArray();
        }
    }
}
