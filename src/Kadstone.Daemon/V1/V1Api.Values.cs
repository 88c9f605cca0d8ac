using System.Text;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;
using Kadstone.Daemon.V1.Publishing;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>Values: of others, and our own.</summary>
internal sealed partial class V1Api
{
    private V1Route[] ValueRoutes() =>
    [
        new("GET", "/v1/{network}/values/{key}", "A value by its key.", () => V1Json.Default.ValueAnswer, GetValueAsync)
        {
            Query = [("kind", "immutable or mutable; by the key's length unless said, on Hyperswarm immutable."), ("salt", "Of a mutable value on Mainline, as text.")],
        },
        new("PUT", "/v1/{network}/values", "Stores a value in a network: under its hash, or signed under the node's own key.", () => V1Json.Default.ValuePutAnswer, PutValueAsync)
        {
            Status = StatusCodes.Status201Created,
            Body = () => V1Json.Default.ValueRequest,
        },
    ];

    private async Task GetValueAsync(HttpContext context, CancellationToken cancellationToken)
    {
        DaemonNetwork network = NetworkOf(context);
        string? kind = V1Request.Query(context, "kind");
        string key = V1Request.Segment(context, "key");
        byte[] salt = Encoding.UTF8.GetBytes(V1Request.Query(context, "salt") ?? "");
        ValueAnswer? value = await network.GetValueAsync(key, kind is null ? null : IsMutable(kind), salt, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(context, value ?? throw new V1Exception(404, $"Nobody on {network.Title} has a value under {Shown.Of(key)}."), V1Json.Default.ValueAnswer).ConfigureAwait(false);
    }

    private async Task PutValueAsync(HttpContext context, CancellationToken cancellationToken)
    {
        DaemonNetwork network = NetworkOf(context);
        ValueRequest request = await V1Request.BodyAsync(context, V1Json.Default.ValueRequest, cancellationToken).ConfigureAwait(false);
        bool isMutable = IsMutable(request.Kind ?? "");
        if (request.Key is not null and not "self")
        {
            throw new V1Exception(400, $"key is '{Shown.Of(request.Key)}'; the node signs with its own alone: \"self\", or null.");
        }

        if (!isMutable && (request.Key is not null || request.Salt is not null || request.Sequence is not null))
        {
            throw new V1Exception(400, "An immutable value has no key, salt or sequence: it is found by its hash.");
        }

        if (request.Sequence is < 0)
        {
            throw new V1Exception(400, $"sequence is {request.Sequence}; 0 or more is allowed, or null for the next.");
        }

        PutValue value = new(BytesOf(request), isMutable, Encoding.UTF8.GetBytes(request.Salt ?? ""), request.Sequence);
        if (request.Keep)
        {
            _publications.RequireRoom();
        }

        PutDone done = await network.PutValueAsync(value, cancellationToken).ConfigureAwait(false);
        PublicationAnswer? kept = request.Keep
            ? await _publications.KeepAsync(
                new KeptPublication
                {
                    Id = PublicationDesk.NewId(),
                    Network = network.Name,
                    Kind = network.ValueKind,
                    Key = done.Key,
                    Value = value.Bytes,
                    IsMutable = isMutable,
                    Salt = value.Salt,
                    Sequence = done.Sequence,
                    StartedAt = _time.GetUtcNow(),
                },
                done.Told,
                cancellationToken).ConfigureAwait(false)
            : null;
        await AnswerAsync(context, new ValuePutAnswer(done.Key, done.Sequence, done.Told.Acknowledged, done.Told.Asked, kept?.Id), V1Json.Default.ValuePutAnswer, StatusCodes.Status201Created).ConfigureAwait(false);
    }

    private static bool IsMutable(string kind) => kind switch
    {
        "mutable" => true,
        "immutable" => false,
        _ => throw new V1Exception(400, $"kind is '{Shown.Of(kind)}'; immutable or mutable is allowed."),
    };

    private static byte[] BytesOf(ValueRequest request)
    {
        if (request.Text is null == (request.Value is null))
        {
            throw new V1Exception(400, "One of text and value is to be given: text as it is, or value in base64.");
        }

        if (request.Text is not null)
        {
            return Encoding.UTF8.GetBytes(request.Text);
        }

        byte[] bytes = new byte[(request.Value?.Length ?? 0) * 3 / 4 + 3];
        return Convert.TryFromBase64String(request.Value ?? "", bytes, out int length) ? bytes[..length] : throw new V1Exception(400, "value is not base64.");
    }
}
