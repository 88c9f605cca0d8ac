using System.Net;
using System.Threading.Channels;
using Kadstone.Storage;

namespace Kadstone.Mainline.Tests.Facade;

/// <summary>M110: <c>listening</c> and <c>error</c>.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task Who_asks_whether_it_listens_is_told_at_once_for_each_socket()
    {
        await using Devnet devnet = await Devnet.StartAsync(1);
        List<IPEndPoint> told = [];
        devnet[0].Listening += (_, endpoint) => told.Add(endpoint);
        told.ShouldBe(devnet[0].LocalEndpoints);
    }

    [Fact]
    public async Task What_fails_in_the_background_is_told_and_a_handler_may_close_the_node()
    {
        TestStore store = new();
        await using Devnet devnet = await Devnet.StartAsync(2, with: (number, options) => number == 1 ? options with { Store = store } : options);
        MainlineDht node = devnet[1];
        Channel<MainlineError> errors = Channel.CreateUnbounded<MainlineError>();
        node.Error += (_, _) => throw new InvalidOperationException("a fault of the listener");
        node.Error += (_, error) =>
        {
            node.Close();
            errors.Writer.TryWrite(error);
        };
        store.Fault = () => new StoreUnavailableException(StoreFailure.DiskFull, "No room.");
        await Should.ThrowAsync<Exception>(async () =>
        {
            while (true)
            {
                await devnet[0].PutImmutableAsync(ItemValue.FromText("x"), Devnet.Guard());
            }
        });
        (await errors.Reader.ReadAsync(Devnet.Guard())).Message.ShouldBe("The store is not available: No room.");
    }

    [Fact]
    public async Task A_bootstrap_host_without_an_address_is_an_error_that_is_told()
    {
        Channel<MainlineError> errors = Channel.CreateUnbounded<MainlineError>();
        ShiftedTimeProvider time = new();
        await using MainlineDht node = await MainlineDht.CreateAsync(Devnet.OptionsOf(90, "no-such-host.invalid:1"), timeProvider: time);
        node.Error += (_, error) => errors.Writer.TryWrite(error);

        // The name is tried again every 20 s.
        time.Advance(TimeSpan.FromSeconds(21));
        (await errors.Reader.ReadAsync(Devnet.Guard())).Message.ShouldStartWith("Bootstrap host no-such-host.invalid:1 cannot be resolved: ");
    }
}
