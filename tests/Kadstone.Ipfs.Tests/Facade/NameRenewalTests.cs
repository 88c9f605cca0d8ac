using Kadstone.Ipfs.Core;
using Kadstone.Ipfs.Wire;
using Kadstone.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kadstone.Ipfs.Tests.Facade;

/// <summary>Names in virtual time: the keeper and the desk of a publisher, and the desk of a node that it tells.</summary>
public sealed class NameRenewalTests : IAsyncDisposable
{
    private const string Path = "/ipfs/bafkqaaa";

    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(48);

    private readonly Clock _clock = new();
    private readonly MemoryRecordStore _store;
    private readonly MemoryRecordStore _elsewhere;
    private readonly RecordDesk _own;
    private readonly RecordDesk _others;
    private readonly PrivateKey _self = Peers.Key(1);
    private readonly PrivateKey _lent = Peers.Key(2);
    private NameRenewal _renewal;
    private Keeper _keeper;
    private int _tellings;

    public NameRenewalTests()
    {
        RecordRules rules = new([]);
        _store = new MemoryRecordStore(timeProvider: _clock);
        _elsewhere = new MemoryRecordStore(timeProvider: _clock);
        _own = new RecordDesk(_store, rules, _clock);
        _others = new RecordDesk(_elsewhere, rules, _clock);
        (_renewal, _keeper) = Start();
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        await _elsewhere.DisposeAsync();
    }

    [Fact]
    public async Task A_name_of_our_own_key_still_leads_there_after_a_month_under_the_same_number()
    {
        await PublishAsync(_self, sequence: 7, s_lifetime);

        await LetPassAsync(TimeSpan.FromDays(30), async () => (await ResolveAsync(_self)).ShouldNotBeNull());

        IpnsEntry entry = (await ResolveAsync(_self)).ShouldNotBeNull();
        (entry.Data.Sequence, entry.Data.TimeToLive).ShouldBe((7UL, 300_000_000_000UL));
        System.Text.Encoding.UTF8.GetString(entry.Data.Value.Span).ShouldBe(Path);
        (entry.Validity.ToDateTimeOffset() - _clock.GetUtcNow()).ShouldBeGreaterThan(s_lifetime - TimeSpan.FromHours(5));
        _tellings.ShouldBe(30 * 6);
    }

    [Fact]
    public async Task A_name_whose_key_was_lent_ends_with_its_record_and_is_told_no_more()
    {
        await PublishAsync(_lent, sequence: 0, s_lifetime);

        await LetPassAsync(TimeSpan.FromHours(47), async () => (await ResolveAsync(_lent)).ShouldNotBeNull());
        await LetPassAsync(TimeSpan.FromHours(6));

        (await ResolveAsync(_lent)).ShouldBeNull();
        (await _store.CountAsync(Shelf.IpfsOwnValues, Cancelled)).ShouldBe(0);
    }

    [Fact]
    public async Task A_name_goes_on_while_somebody_holds_its_key_and_ends_when_the_key_is_gone()
    {
        _renewal.Keys = name => name == _lent.PeerId ? _lent : null;
        await PublishAsync(_lent, sequence: 0, s_lifetime);

        await LetPassAsync(TimeSpan.FromDays(7), async () => (await ResolveAsync(_lent)).ShouldNotBeNull());
        _renewal.Keys = _ => null;
        await LetPassAsync(TimeSpan.FromHours(52));

        (await ResolveAsync(_lent)).ShouldBeNull();
    }

    [Fact]
    public async Task A_key_that_cannot_be_read_or_is_another_ones_is_not_held()
    {
        _renewal.Keys = _ => throw new IOException("the disk is gone");
        _renewal.IsHeld(_lent.PeerId).ShouldBeFalse();
        _renewal.Keys = _ => Peers.Key(3);
        _renewal.IsHeld(_lent.PeerId).ShouldBeFalse();
        _renewal.IsHeld(_self.PeerId).ShouldBeTrue();

        await PublishAsync(_self, sequence: 0, s_lifetime);
        await PublishAsync(_lent, sequence: 0, s_lifetime);
        await LetPassAsync(TimeSpan.FromDays(4));

        (await ResolveAsync(_self)).ShouldNotBeNull();
        (await ResolveAsync(_lent)).ShouldBeNull();
    }

    [Fact]
    public async Task A_name_that_ended_while_the_node_was_away_is_signed_anew_after_the_restart()
    {
        await PublishAsync(_self, sequence: 3, s_lifetime);
        _clock.Advance(TimeSpan.FromDays(10));
        (await ResolveAsync(_self)).ShouldBeNull();

        (_renewal, _keeper) = Start();
        await _keeper.LoadAsync(Cancelled);
        await _keeper.TellDueAsync(Cancelled);

        (await ResolveAsync(_self)).ShouldNotBeNull().Data.Sequence.ShouldBe(3UL);
        await LetPassAsync(TimeSpan.FromDays(4), async () => (await ResolveAsync(_self)).ShouldNotBeNull());
    }

    [Fact]
    public async Task A_short_life_is_prolonged_at_its_middle()
    {
        await PublishAsync(_self, sequence: 0, TimeSpan.FromHours(1));

        await LetPassAsync(TimeSpan.FromHours(3), async () => (await ResolveAsync(_self)).ShouldNotBeNull());

        _tellings.ShouldBe(1);
    }

    [Fact]
    public async Task A_life_that_is_longer_than_usual_is_not_cut_short()
    {
        await PublishAsync(_self, sequence: 0, TimeSpan.FromDays(300));
        Rfc3339Time end = (await ResolveAsync(_self)).ShouldNotBeNull().Validity;

        await LetPassAsync(TimeSpan.FromDays(5));

        (await ResolveAsync(_self)).ShouldNotBeNull().Validity.ShouldBe(end);
    }

    [Fact]
    public async Task What_another_device_published_meanwhile_is_not_talked_over()
    {
        await PublishAsync(_self, sequence: 0, s_lifetime);
        byte[] key = RecordKey.OfName(_self.PeerId);
        byte[] newer = IpnsEntry.Create(_self, "/ipfs/bafkqabdunfxhs", 1, Rfc3339Time.From(_clock.GetUtcNow() + s_lifetime), TimeSpan.FromMinutes(5));
        (await _own.PutAsync(key, newer, Cancelled)).ShouldBe(RecordVerdict.Stored);
        (await _others.PutAsync(key, newer, Cancelled)).ShouldBe(RecordVerdict.Stored);

        await LetPassAsync(TimeSpan.FromHours(12));

        (await ResolveAsync(_self)).ShouldNotBeNull().Data.Sequence.ShouldBe(1UL);
        (await _store.CountAsync(Shelf.IpfsOwnValues, Cancelled)).ShouldBe(0);
    }

    [Fact]
    public async Task A_name_that_is_given_up_ends_with_its_record_even_after_a_restart()
    {
        await PublishAsync(_self, sequence: 0, s_lifetime);
        byte[] key = RecordKey.OfName(_self.PeerId);

        (await _keeper.ForgetValueAsync(key, Cancelled)).ShouldBeTrue();
        (await _keeper.ForgetValueAsync(key, Cancelled)).ShouldBeFalse();
        (_renewal, _keeper) = Start();
        await _keeper.LoadAsync(Cancelled);
        await LetPassAsync(TimeSpan.FromHours(49));

        (_tellings, await ResolveAsync(_self)).ShouldBe((0, null));
    }

    [Fact]
    public async Task A_name_of_an_rsa_key_is_signed_anew_with_its_key_inside()
    {
        using System.Security.Cryptography.RSA rsa = System.Security.Cryptography.RSA.Create(2048);
        PrivateKey key = PrivateKey.FromRsa(rsa.ExportRSAPrivateKey());
        _renewal.Keys = _ => key;
        await PublishAsync(key, sequence: 0, s_lifetime);

        await LetPassAsync(TimeSpan.FromDays(3));

        (await ResolveAsync(key)).ShouldNotBeNull();
    }

    private (NameRenewal, Keeper) Start()
    {
        NameRenewal renewal = new(_self, s_lifetime, NullLogger.Instance);
        return (renewal, new Keeper(_store, new IpfsOptions(), _clock, NullLogger.Instance, renewal, TellNobodyAsync, TellAsync));
    }

    private async Task PublishAsync(PrivateKey key, ulong sequence, TimeSpan lifetime)
    {
        byte[] recordKey = RecordKey.OfName(key.PeerId);
        byte[] record = IpnsEntry.Create(key, Path, sequence, Rfc3339Time.From(_clock.GetUtcNow() + lifetime), TimeSpan.FromMinutes(5));
        (await _own.PutAsync(recordKey, record, Cancelled)).ShouldBe(RecordVerdict.Stored);
        (await _others.PutAsync(recordKey, record, Cancelled)).ShouldBe(RecordVerdict.Stored);
        await _keeper.RememberValueAsync(recordKey, record, Cancelled);
    }

    private async Task LetPassAsync(TimeSpan span, Func<Task>? eachHour = null)
    {
        for (int turn = 1; turn <= span / Keeper.Turn; turn++)
        {
            _clock.Advance(Keeper.Turn);
            await _keeper.TellDueAsync(Cancelled);
            if (eachHour is not null && turn % 60 == 0)
            {
                await eachHour();
            }
        }
    }

    // As another node answers: nothing that is older than 48 hours or has ended.
    private async Task<IpnsEntry?> ResolveAsync(PrivateKey key)
    {
        KadRecord? record = await _others.GetAsync(RecordKey.OfName(key.PeerId), Cancelled);
        return record is null ? null : IpnsEntry.TryOpen(record.Value.Span, key.PeerId);
    }

    private static Task<IReadOnlyList<ContentKey>> TellNobodyAsync(ContentKey content, Keeper.Neighbours neighbours, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("Nothing is provided here.");

    private async Task<bool> TellAsync(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        if (await _own.PutAsync(key, value, cancellationToken) != RecordVerdict.Stored)
        {
            return false;
        }

        _tellings++;
        (await _others.PutAsync(key, value, cancellationToken)).ShouldBe(RecordVerdict.Stored);
        return true;
    }
}
