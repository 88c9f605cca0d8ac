using Kadstone.Mainline;

namespace Kadstone.Cli.Parsing;

/// <summary>The value of a Mainline item from the command line.</summary>
internal static class ItemValues
{
    internal static async Task<ItemValue> ReadAsync(string text, bool isBencoded, Terminal terminal, CancellationToken cancellationToken)
    {
        byte[] bytes = await ValueBytes.ReadAsync(text, $"at most {ItemValue.MaxLength} are allowed (BEP 44)", terminal, cancellationToken);
        try
        {
            return isBencoded ? ItemValue.FromBencoded(bytes) : ItemValue.FromBytes(bytes);
        }
        catch (ArgumentException exception)
        {
            string sentence = exception.Message.Split(" (Parameter")[0].TrimEnd('.');
            string allowed = isBencoded ? "; canonical bencode with sorted keys is expected, such as 5:hello or d1:ai1ee" : string.Empty;
            throw CommandFailedException.Usage($"VALUE: {sentence}{allowed}.");
        }
    }
}
