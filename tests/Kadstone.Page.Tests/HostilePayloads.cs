using System.Text.Json.Nodes;

namespace Kadstone.Page.Tests;

/// <summary>Two hundred texts that would run or show something if a browser took them for markup, and answers full of them.</summary>
internal static class HostilePayloads
{
    public const int Count = 200;

    // Each tells on itself: it sets a mark or opens a dialog.
    private static readonly string[] s_bodies =
    [
        "<script>mark()</script>", "<img src=x onerror=mark()>", "<svg onload=mark()>", "<svg/onload=mark()>", "<body onload=mark()>",
        "<iframe src=javascript:mark()>", "<a href=javascript:mark()>x</a>", "<input autofocus onfocus=mark()>", "<details open ontoggle=mark()>", "<video src onerror=mark()>",
        "<math><mi xlink:href=javascript:mark()>", "<object data=javascript:mark()>", "<embed src=javascript:mark()>", "<style>*{color:red}</style>", "<link rel=stylesheet href=//x>",
        "<base href=//x/>", "<meta http-equiv=refresh content=0>", "<form action=//x><button>", "<template><script>mark()", "<svg><script>mark()</script>",
        "<svg><animate onbegin=mark()>", "<svg><use href=data:x>", "<noscript><p title=</noscript><img>", "<!--><script>mark()</script>", "<![CDATA[<script>mark()]]>",
        "<textarea></textarea><img src=x>", "<title></title><script>mark()", "<x onclick=mark()>here", "<marquee onstart=mark()>", "<scr\0ipt>mark()</script>",
        "{{constructor.constructor('mark()')()}}", "${mark()}", "javascript:mark()//", "data:text/html,<script>mark()</script>", "&lt;script&gt;mark()&lt;/script&gt;",
        "\u202egnp.<script>mark()</script>", "\ufeff<script>mark()</script>", "\u001b[31m<b>red</b>", "<a\r\nhref=//x\tonclick=mark()>", "\ud83d\ude00<img src=x onerror=alert(1)>",
    ];

    private static readonly string[] s_entrances = ["", "\">", "'>", "</title></svg>", "</td></table>"];

    // The page's own words and addresses: states that it branches on, times, and what leads to another answer.
    private static readonly HashSet<string> s_kept = ["keyspace", "state", "network", "level", "startedAt", "at", "lastAt", "nextAt", "expires"];

    public static IReadOnlyList<string> All { get; } = [.. s_entrances.SelectMany(entrance => s_bodies.Select(body => entrance + body))];

    /// <summary>An answer in which every text that others may write is a payload, the next one each time.</summary>
    public static Func<JsonNode, JsonNode> Bend()
    {
        int next = 0;
        return answer =>
        {
            lock (All)
            {
                Walk(answer);
            }

            return answer;
        };

        void Walk(JsonNode? node)
        {
            if (node is JsonArray array)
            {
                for (int i = 0; i < array.Count; i++)
                {
                    if (array[i]?.GetValueKind() == System.Text.Json.JsonValueKind.String)
                    {
                        array[i] = Payload();
                    }
                    else
                    {
                        Walk(array[i]);
                    }
                }
            }
            else if (node is JsonObject thing)
            {
                foreach (string name in thing.Select(pair => pair.Key).ToArray())
                {
                    if (thing[name]?.GetValueKind() != System.Text.Json.JsonValueKind.String)
                    {
                        Walk(thing[name]);
                    }
                    else if (!s_kept.Contains(name) && !IsAddress(thing, name))
                    {
                        thing[name] = Payload();
                    }
                }
            }
        }

        string Payload() => All[next++ % Count];
    }

    private static bool IsAddress(JsonObject thing, string name) => name switch
    {
        "id" => thing.ContainsKey("target") || thing.ContainsKey("asked"),
        "name" => thing.ContainsKey("traffic"),
        "kind" => thing.ContainsKey("contact"),
        "next" => thing.ContainsKey("records"),
        _ => false,
    };
}
