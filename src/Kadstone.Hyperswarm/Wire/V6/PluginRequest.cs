namespace Kadstone.Hyperswarm;

/// <summary>The value of PLUGIN.</summary>
/// <remarks>npm hyperdht 6, lib/messages.js, <c>pluginRequest</c>.</remarks>
internal ref struct PluginRequest : ICompactValue<PluginRequest>
{
    private const int ValueFlag = 1;

    /// <summary>The plugin's name; arbitrary bytes that mean UTF-8.</summary>
    public ReadOnlySpan<byte> Name { get; set; }

    /// <summary>The plugin's version.</summary>
    public long Version { get; set; }

    /// <summary>The plugin's own command.</summary>
    public long Command { get; set; }

    /// <summary>Whether there is a <see cref="Value"/>, be it empty.</summary>
    public bool HasValue { get; set; }

    /// <summary>What the command is given.</summary>
    public ReadOnlySpan<byte> Value { get; set; }

    /// <inheritdoc/>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PluginRequest value)
    {
        value = default;
        CompactReader reader = new(bytes);
        if (!reader.TryReadBuffer(out ReadOnlySpan<byte> name)
            || !reader.TryReadUInt(out long version)
            || !reader.TryReadUInt(out long command)
            || !reader.TryReadUInt(out long flags))
        {
            return false;
        }

        bool hasValue = (flags & ValueFlag) != 0;
        ReadOnlySpan<byte> argument = default;
        if (hasValue && !reader.TryReadBuffer(out argument))
        {
            return false;
        }

        value = new PluginRequest { Name = name, Version = version, Command = command, HasValue = hasValue, Value = argument };
        return true;
    }

    /// <inheritdoc/>
    public readonly void Write(scoped ref CompactWriter writer)
    {
        writer.Buffer(Name);
        writer.UInt(Version);
        writer.UInt(Command);
        writer.UInt(HasValue ? ValueFlag : 0);
        if (HasValue)
        {
            writer.Buffer(Value);
        }
    }
}
