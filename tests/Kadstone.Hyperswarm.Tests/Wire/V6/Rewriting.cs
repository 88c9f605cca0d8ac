using Kadstone.Datagrams;

namespace Kadstone.Hyperswarm.Tests.Wire.V6;

/// <summary>Writes again what was read.</summary>
internal static class Rewriting
{
    /// <summary>Writes a message; returns its length.</summary>
    public static int Write(in RpcMessage message, Span<byte> buffer)
    {
        bool isRequest = message.Kind == RpcKind.Request;
        RpcWriter writer = isRequest
            ? RpcWriter.Request(buffer, message.Transaction, message.To)
            : RpcWriter.Response(buffer, message.Transaction, message.To);
        if (message.HasId)
        {
            writer.Id(message.Id);
        }

        if (message.HasToken)
        {
            writer.Token(message.Token);
        }

        if (isRequest)
        {
            WriteRequest(ref writer, message);
        }
        else
        {
            WriteResponse(ref writer, message);
        }

        if (message.HasValue)
        {
            writer.Value(message.Value);
        }

        return writer.Length;
    }

    /// <summary>Writes a value; returns its length.</summary>
    public static int Write<T>(scoped in T value, Span<byte> buffer)
        where T : ICompactValue<T>, allows ref struct
    {
        CompactWriter writer = new(buffer);
        value.Write(ref writer);
        return writer.Length;
    }

    private static void WriteRequest(ref RpcWriter writer, in RpcMessage message)
    {
        if (message.IsInternal)
        {
            writer.Command((RpcInternalCommand)message.Command);
        }
        else
        {
            writer.Command(message.Command);
        }

        if (message.HasTarget)
        {
            writer.Target(message.Target);
        }
    }

    private static void WriteResponse(ref RpcWriter writer, in RpcMessage message)
    {
        Span<RpcContact> contacts = stackalloc RpcContact[RpcReader.MaxDatagramLength / 6];
        int count = 0;
        foreach (UdpEndpoint endpoint in message.CloserNodes)
        {
            contacts[count++] = new RpcContact(default, endpoint);
        }

        writer.CloserNodes(contacts[..count]);
        writer.Error(message.Error);
    }
}
