using System.Globalization;

namespace Kadstone.Bench;

/// <summary>The words of the command line: a command, its operands, and options that all take a value.</summary>
internal sealed record Arguments(string Command, IReadOnlyList<string> Operands, IReadOnlyDictionary<string, string> Options)
{
    public static Arguments Parse(string[] words)
    {
        List<string> operands = [];
        Dictionary<string, string> options = [];
        for (int i = 1; i < words.Length; i++)
        {
            if (!words[i].StartsWith("--", StringComparison.Ordinal))
            {
                operands.Add(words[i]);
                continue;
            }
            if (i + 1 == words.Length)
            {
                throw new ArgumentException($"{words[i]} needs a value");
            }
            options[words[i][2..]] = words[++i];
        }
        return new Arguments(words.Length > 0 ? words[0] : "", operands, options);
    }

    /// <summary>The option's number, or its default when it was not given; a misspelt option is an error.</summary>
    public int Number(string option, int byDefault, int atMost) =>
        !Options.TryGetValue(option, out string? text) ? byDefault
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= atMost ? number
        : throw new ArgumentException($"--{option} takes 1 to {atMost}");

    public void AllowOnly(int operands, params string[] options)
    {
        if (Operands.Count != operands)
        {
            throw new ArgumentException($"{Command} takes {operands} operand(s)");
        }
        foreach (string option in Options.Keys.Except(options))
        {
            throw new ArgumentException($"{Command} has no --{option}");
        }
    }
}
