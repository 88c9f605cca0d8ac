using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire;

/// <summary>Writes a message that was read.</summary>
internal static class Gen1Rewriting
{
    /// <summary>The most nodes of a message.</summary>
    public const int MostNodes = Gen1Reader.MaxDatagramLength / Gen1Contact.CompactLength;

    public static int Write(Span<byte> buffer, scoped in Gen1Message message, bool hasNodes, Span<Gen1Contact> nodes)
    {
        Gen1Writer writer = new(buffer);
        if (message.Kind == Gen1Kind.Response)
        {
            writer.BeginResponse(message.Transaction);
            WriteId(ref writer, message);
            if (hasNodes)
            {
                writer.Nodes(nodes[..message.Nodes.CopyTo(nodes)]);
            }

            WriteValue(ref writer, message);
            if (message.HasToken)
            {
                writer.ResponseToken(message.Token);
            }

            return writer.Length;
        }

        writer.BeginRequest(message.Transaction, message.CommandName);
        WriteId(ref writer, message);
        if (message.HasTarget)
        {
            writer.Target(message.Target);
        }

        if (message.ForwardRequest is { } to)
        {
            writer.ForwardRequest(to);
        }

        if (message.ForwardResponse is { } from)
        {
            writer.ForwardResponse(from);
        }

        if (message.HasToken)
        {
            writer.RequestToken(message.Token);
        }

        WriteValue(ref writer, message);
        return writer.Length;
    }

    private static void WriteId(scoped ref Gen1Writer writer, scoped in Gen1Message message)
    {
        if (message.HasId)
        {
            writer.Id(message.Id);
        }
    }

    private static void WriteValue(scoped ref Gen1Writer writer, scoped in Gen1Message message)
    {
        if (message.HasValue)
        {
            writer.Value(message.Value);
        }
    }
}
