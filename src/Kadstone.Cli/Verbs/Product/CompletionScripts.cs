namespace Kadstone.Cli.Verbs.Product;

/// <summary>The scripts: static ones, for a shell that would start the command at each key would be slow.</summary>
internal static class CompletionScripts
{
    internal static IEnumerable<string> Bash(CompletionTree tree)
    {
        yield return "# bash completion of dht; source <(dht completion bash)";
        yield return "_dht() {";
        yield return "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at=dht verbs= options= i";
        yield return "    COMPREPLY=()";
        yield return "    for ((i = 1; i < COMP_CWORD; i++)); do";
        yield return "        case \"$at ${COMP_WORDS[i]}\" in";
        foreach (string line in Steps(tree, "            "))
        {
            yield return line;
        }

        yield return "        esac";
        yield return "    done";
        yield return "    case \"$at $prev\" in";
        foreach ((string pattern, CompletionOption option) in Valued(tree))
        {
            yield return $"        {pattern}) {BashValue(option.Value, option.Words)}; return;;";
        }

        yield return "    esac";
        yield return "    case \"$at\" in";
        foreach (CompletionPlace place in tree.Places)
        {
            string file = place.Argument switch
            {
                CompletionValue.File => " [[ $cur == -* ]] || COMPREPLY=($(compgen -f -- \"$cur\"));",
                CompletionValue.Folder => " [[ $cur == -* ]] || COMPREPLY=($(compgen -d -- \"$cur\"));",
                _ => "",
            };
            yield return $"        \"{place.Path}\") verbs=\"{Verbs(place)}\"; options=\"{Options(place)}\";{file} ;;";
        }

        yield return "    esac";
        yield return "    if [[ $cur == -* || -z $verbs ]]; then verbs=$options; fi";
        yield return "    COMPREPLY+=($(compgen -W \"$verbs\" -- \"$cur\"))";
        yield return "}";
        yield return "complete -F _dht dht";
    }

    internal static IEnumerable<string> Zsh(CompletionTree tree)
    {
        yield return "#compdef dht";
        yield return "# zsh completion of dht; dht completion zsh > a folder of $fpath, as _dht";
        yield return "_dht() {";
        yield return "    local cur=${words[CURRENT]} prev=${words[CURRENT-1]} at=dht i";
        yield return "    local -a verbs options";
        yield return "    for ((i = 2; i < CURRENT; i++)); do";
        yield return "        case \"$at ${words[i]}\" in";
        foreach (string line in Steps(tree, "            "))
        {
            yield return line;
        }

        yield return "        esac";
        yield return "    done";
        yield return "    case \"$at $prev\" in";
        foreach ((string pattern, CompletionOption option) in Valued(tree))
        {
            yield return $"        {pattern}) {ZshValue(option.Value, option.Words)}; return;;";
        }

        yield return "    esac";
        yield return "    case \"$at\" in";
        foreach (CompletionPlace place in tree.Places)
        {
            string file = place.Argument switch
            {
                CompletionValue.File => " [[ $cur == -* ]] || _files;",
                CompletionValue.Folder => " [[ $cur == -* ]] || _files -/;",
                _ => "",
            };
            yield return $"        \"{place.Path}\") verbs=({Verbs(place)}); options=({Options(place)});{file}:;;";
        }

        yield return "    esac";
        yield return "    if [[ $cur == -* || ${#verbs} -eq 0 ]]; then verbs=($options); fi";
        yield return "    compadd -- $verbs";
        yield return "}";
        yield return "if [[ $funcstack[1] == _dht ]]; then _dht \"$@\"; else compdef _dht dht; fi";
    }

    internal static IEnumerable<string> Fish(CompletionTree tree)
    {
        yield return "# fish completion of dht; dht completion fish > ~/.config/fish/completions/dht.fish";
        yield return "function __dht_at";
        yield return "    set -l at dht";
        yield return "    set -l tokens (commandline -opc)";
        yield return "    for token in $tokens[2..-1]";
        yield return "        switch \"$at $token\"";
        foreach (CompletionPlace place in tree.Places.Where(place => place.Paths.Count > 0))
        {
            yield return $"            case {string.Join(' ', place.Paths.Select(path => $"'{path}'"))}";
            yield return $"                set at '{place.Path}'";
        }

        yield return "        end";
        yield return "    end";
        yield return "    test \"$at\" = \"$argv[1]\"";
        yield return "end";
        yield return "complete -c dht -f";
        foreach (CompletionPlace place in tree.Places)
        {
            string at = $"complete -c dht -n \"__dht_at '{place.Path}'\"";
            foreach (CompletionWord verb in place.Verbs)
            {
                yield return $"{at} -a {verb.Name} -d {Quoted(verb.Description)}";
            }

            if (place.Words.Count > 0)
            {
                yield return $"{at} -a {Quoted(string.Join(' ', place.Words))}";
            }
            else if (place.Argument is CompletionValue.File or CompletionValue.Folder)
            {
                yield return $"{at} -F";
            }

            foreach (CompletionOption option in place.Options)
            {
                string names = string.Join(' ', option.Names.Select(name => name.StartsWith("--", StringComparison.Ordinal) ? $"-l {name[2..]}" : name.Length == 2 ? $"-s {name[1..]}" : $"-o {name[1..]}"));
                string value = option.Value switch
                {
                    CompletionValue.None => "",
                    CompletionValue.Words => $" -x -a {Quoted(string.Join(' ', option.Words))}",
                    CompletionValue.File or CompletionValue.Folder => " -r -F",
                    _ => " -x",
                };
                yield return $"{at} {names}{value} -d {Quoted(option.Description)}";
            }
        }
    }

    // From a group to its verb.
    private static IEnumerable<string> Steps(CompletionTree tree, string indent) =>
        tree.Places.Where(place => place.Paths.Count > 0).Select(place => $"{indent}{string.Join('|', place.Paths.Select(path => $"\"{path}\""))}) at=\"{place.Path}\";;");

    private static IEnumerable<(string Pattern, CompletionOption Option)> Valued(CompletionTree tree) =>
        from place in tree.Places
        from option in place.Options
        where option.Value != CompletionValue.None
        select (string.Join('|', option.Names.Select(name => $"\"{place.Path} {name}\"")), option);

    private static string Verbs(CompletionPlace place) => string.Join(' ', place.Verbs.Select(verb => verb.Name).Concat(place.Words));

    private static string Options(CompletionPlace place) => string.Join(' ', place.Options.SelectMany(option => option.Names));

    private static string BashValue(CompletionValue value, IReadOnlyList<string> words) => value switch
    {
        CompletionValue.Words => $"COMPREPLY=($(compgen -W \"{string.Join(' ', words)}\" -- \"$cur\"))",
        CompletionValue.File => "COMPREPLY=($(compgen -f -- \"$cur\"))",
        CompletionValue.Folder => "COMPREPLY=($(compgen -d -- \"$cur\"))",
        _ => ":",
    };

    private static string ZshValue(CompletionValue value, IReadOnlyList<string> words) => value switch
    {
        CompletionValue.Words => $"compadd -- {string.Join(' ', words)}",
        CompletionValue.File => "_files",
        CompletionValue.Folder => "_files -/",
        _ => ":",
    };

    private static string Quoted(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
