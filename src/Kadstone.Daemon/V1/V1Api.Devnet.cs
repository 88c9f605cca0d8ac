using System.Globalization;
using Kadstone.Daemon.V1.Answers;
using Kadstone.Daemon.V1.Networks;
using Microsoft.AspNetCore.Http;

namespace Kadstone.Daemon.V1;

/// <summary>The test network, where there is one.</summary>
internal sealed partial class V1Api
{
    private const int MaxAdded = 1000;

    private V1Route[] DevnetRoutes() =>
    [
        new("GET", "/v1/devnet", "The nodes of the test network; 404 where there is none.", () => V1Json.Default.DevnetAnswer, (context, _) =>
            AnswerAsync(context, AnswerOf(Devnet.Nodes), V1Json.Default.DevnetAnswer)),
        new("POST", "/v1/devnet/nodes", "Adds nodes to the test network.", () => V1Json.Default.DevnetAnswer, AddNodesAsync)
        {
            Status = StatusCodes.Status201Created,
            Body = () => V1Json.Default.DevnetRequest,
        },
        new("DELETE", "/v1/devnet/nodes/{network}/{number}", "Stops a node of the test network, without a word to the others.", null, StopNodeAsync)
        {
            Status = StatusCodes.Status204NoContent,
        },
    ];

    private IDevnet Devnet => _options.Devnet ?? throw new V1Exception(404, "This daemon runs no test network; dht up --devnet starts one.");

    private async Task AddNodesAsync(HttpContext context, CancellationToken cancellationToken)
    {
        IDevnet devnet = Devnet;
        DevnetRequest request = await V1Request.BodyAsync(context, V1Json.Default.DevnetRequest, cancellationToken).ConfigureAwait(false);
        string network = NetworkOf(request.Network ?? "").Name;
        if (request.Count is < 1 or > MaxAdded)
        {
            throw new V1Exception(400, $"count is {request.Count}; 1 to {MaxAdded} is allowed.");
        }

        IReadOnlyList<DevnetNode> added = await devnet.AddAsync(network, request.Count, cancellationToken).ConfigureAwait(false);
        await AnswerAsync(context, AnswerOf(added), V1Json.Default.DevnetAnswer, StatusCodes.Status201Created).ConfigureAwait(false);
    }

    private async Task StopNodeAsync(HttpContext context, CancellationToken cancellationToken)
    {
        IDevnet devnet = Devnet;
        string network = NetworkOf(context).Name;
        string text = V1Request.Segment(context, "number");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !await devnet.StopAsync(network, number, cancellationToken).ConfigureAwait(false))
        {
            throw new V1Exception(404, $"No node {Shown.Of(text)} of {network} runs in the test network; GET /v1/devnet lists those that do.");
        }

        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static DevnetAnswer AnswerOf(IReadOnlyList<DevnetNode> nodes) =>
        new([.. nodes.Select(node => new DevnetNodeAnswer(node.Network, node.Number, node.Id, node.Address, node.IsRunning))]);
}
