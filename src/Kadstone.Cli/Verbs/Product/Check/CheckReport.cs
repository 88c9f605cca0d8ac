using Kadstone.Daemon.V1.Answers;

namespace Kadstone.Cli.Verbs.Product.Check;

/// <summary>What a check tells: a step a line as it goes, and a verdict.</summary>
internal sealed class CheckReport(Output output)
{
    /// <summary>How many steps failed.</summary>
    internal int Failed { get; private set; }

    /// <summary>How many steps were not as they should be, and are no failure.</summary>
    internal int Warned { get; private set; }

    internal void Ok(string step, string text) => Tell(Level.Ok, step, text, null);

    internal void Warn(string step, string text, string? hint = null) => Tell(Level.Warn, step, text, hint);

    internal void Fail(string step, string text, string? hint = null) => Tell(Level.Fail, step, text, hint);

    internal void Tell(string level, string step, string text, string? hint)
    {
        Warned += level == Level.Warn ? 1 : 0;
        Failed += level == Level.Fail ? 1 : 0;
        string said = text.TrimEnd('.');
        output.Write($"[{level}] {step}: {said}{(hint is null ? "" : $"; {hint.TrimEnd('.')}")}", json =>
        {
            json.WriteString("step", step);
            json.WriteString("level", level);
            json.WriteString("text", said);
            json.WriteString("hint", hint);
        });
    }

    /// <summary>The last line.</summary>
    internal int End(int code, string verdict)
    {
        output.Write($"verdict: {verdict}", json =>
        {
            json.WriteString("verdict", verdict);
            json.WriteNumber("exit_code", code);
        });
        return code;
    }
}
