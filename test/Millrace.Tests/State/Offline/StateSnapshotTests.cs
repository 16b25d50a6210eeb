using Millrace.State;
using Millrace.State.Evolution;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Tests.Connectors.Files;
using static Millrace.Tests.State.Offline.OfflineSamples;

namespace Millrace.Tests.State.Offline;

/// <summary>Snapshots read and written without a job.</summary>
public sealed class StateSnapshotTests : IDisposable
{
    const int Many = 20_000;

    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task ReadByKey_AsksForTheFooterAndOneBlock()
    {
        await ManyAsync("s", 1 << 30);
        await using CountingStore store = new(new LocalObjectStore(_folder["s"], new NonceSource(1)));
        SnapshotReader reader = await SnapshotReader.OpenAsync(store, SnapshotKeys.ManifestName, null, default);
        StateSnapshot snapshot = new(reader);
        PackEntry pack = reader.Manifest.Packs.Single();
        StoreCounts before = store.Counts;

        StateValue.Row[] rows = await snapshot.ReadAsync("totals", "state", new() { Key = StateValue.Scalar.Of(4_711) }).ToArrayAsync();

        Assert.Equal("""{"key":4711,"value":"value of 4711"}""", rows.Single().ToJson());
        StoreCounts cost = store.Counts - before;
        Assert.Equal((2, 2), (cost.Calls, cost.Reads));
        long footer = pack.Length - pack.FooterOffset;
        Assert.InRange(cost.BytesRead, footer + 1, footer + (70 << 10));
        Assert.InRange(cost.BytesRead, 0, pack.Length / 4);

        // The footer is known by now.
        before = store.Counts;
        Assert.Empty(await snapshot.ReadAsync("totals", "state", new() { Key = StateValue.Scalar.Of(-1) }).ToArrayAsync());
        Assert.InRange((store.Counts - before).Calls, 0, 1);
    }

    [Theory]
    [InlineData(1 << 30, 1)]
    [InlineData(1 << 16, 8)]
    public async Task RowsOfAnyOrderAndNumber_ComeBackOnce_AndTheSavepointIsWhole(int sortBytes, int runsMin)
    {
        await ManyAsync("s", sortBytes);
        await using StateSnapshot snapshot = await StateSnapshot.OpenAsync(Stores, _folder["s"]);
        Assert.InRange(snapshot.Reader.State("totals", "state").Runs.Count, runsMin, 1_000);
        Assert.Empty(await SnapshotVerifier.VerifyAsync(snapshot.Reader, null, new LocalObjectStore(_folder["s"], new NonceSource(1)), default));

        int count = 0;
        for (int slice = 0; slice < 3; slice++)
        {
            await foreach ((int key, string value) in snapshot.ReadValuesAsync<int, string>("totals", "state", KeyRange.Of(slice, 3)))
            {
                Assert.Equal($"value of {key}", value);
                count++;
            }
        }

        Assert.Equal(Many, count);
        Assert.Equal(Many / 2, await snapshot.ReadAsync("totals", "state", new() { Where = StatePredicate.Parse("key >= 10000", snapshot.Columns("totals", "state")) }).CountAsync());
    }

    [Theory]
    [InlineData(1 << 30)]
    [InlineData(1 << 16)]
    public async Task AKeyGivenTwice_IsAnError_AndLeavesNothing(int sortBytes)
    {
        await using (SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder["s"], new() { Job = "bank", SortBytes = Math.Min(sortBytes, 1 << 30) }))
        {
            SavepointRowException twice = await Assert.ThrowsAsync<SavepointRowException>(async () =>
            {
                await savepoint.AddValuesAsync("totals", "state", Rows().Append(new(3, "again")).ToAsyncEnumerable());
                await savepoint.CompleteAsync();
            });
            Assert.Contains("totals", twice.Message, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFiles(_folder["s"], "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task TypedReads_GiveWhatWasAdded_AndRefuseOtherTypes()
    {
        await WriteAsync(_folder["s"]);
        await using StateSnapshot snapshot = await StateSnapshot.OpenAsync(Stores, _folder["s"]);

        KeyValue<Customer, Account>[] accounts = await snapshot.ReadValuesAsync<Customer, Account>("accounts", "account").ToArrayAsync();
        Assert.Equal(Accounts.Select(static a => a.Key).OrderBy(static c => $"{c}"), accounts.Select(static a => a.Key).OrderBy(static c => $"{c}"));
        Assert.Equal(["a", "b"], accounts.Single(static a => a.Value.Grade == Grade.Gold).Value.Tags);
        Dictionary<string, IReadOnlyList<int>> visits = await snapshot.ReadListsAsync<string, int>("accounts", "visits").ToDictionaryAsync(static v => v.Key, static v => v.Value);
        Assert.Equal(Enumerable.Range(0, 600), visits["ann"]);
        Assert.Equal([5], visits["bob"]);
        Assert.Contains(("ann", "card", 500m), await snapshot.ReadMapEntriesAsync<string, string, decimal>("accounts", "limits").ToArrayAsync());
        Assert.Equal(2, await snapshot.ReadTimersAsync<string>("accounts", "reminders").CountAsync());
        Assert.Equal(new DateTime(2031, 1, 1), (await snapshot.ReadTimersAsync<string>("accounts", "expiry").SingleAsync(static t => t.Key == "bob")).Value.ToDateTime());

        // As types of a later version, as a job would restore it.
        Assert.Equal([(4L, 40m)], await snapshot.ReadValuesAsync<long, decimal>("totals", "state").Where(static t => t.Key == 4).Select(static t => (t.Key, t.Value)).ToArrayAsync());
        IncompatibleSchemaException wrong = await Assert.ThrowsAsync<IncompatibleSchemaException>(async () => await snapshot.ReadValuesAsync<int, int>("totals", "state").CountAsync());
        Assert.Contains("int64", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await snapshot.ReadValuesAsync<string, int>("accounts", "visits").CountAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await snapshot.ReadListsAsync<string, int>("accounts", "limits").CountAsync());
        await Assert.ThrowsAsync<ArgumentException>(async () => await snapshot.ReadAsync("accounts", "debts").CountAsync());
    }

    [Fact]
    public async Task Copy_RenamesOperatorsAndReKeysRows()
    {
        await WriteAsync(_folder["a"]);
        await using (StateSnapshot source = await StateSnapshot.OpenAsync(Stores, _folder["a"]))
        await using (SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder["b"], new() { Job = "bank" }))
        {
            await savepoint.CopyOperatorAsync(source, "accounts", "customers", except: ["account"]);
            await savepoint.CopyStateAsync(source, "accounts", "account", "customers", "balance", static row => row.With("key", ((StateValue.Row)row["key"]).With("Region", StateValue.Scalar.Of("WORLD"))
                .With("Id", StateValue.Scalar.Of(((int)((StateValue.Scalar)((StateValue.Row)row["key"])["Id"]).Value * 10) + ((StateValue.Row)row["key"])["Region"].ToString().Length - (((StateValue.Row)row["key"])["Region"].ToString() == "EU" ? 1 : 0)))));
            await Assert.ThrowsAsync<ArgumentException>(async () => await savepoint.CopyOperatorAsync(source, "nobody"));
            await savepoint.CompleteAsync();
        }

        await using StateSnapshot copy = await StateSnapshot.OpenAsync(Stores, _folder["b"]);
        Assert.Equal(["customers"], copy.Manifest.Operators.Select(static o => o.Id));
        Assert.Equal(["balance", "expiry", "limits", "reminders", "visits"], copy.Manifest.Operators[0].States.Select(static s => s.Schema.Name).Order(StringComparer.Ordinal));
        StateColumns columns = copy.Columns("customers", "balance");
        // A row is found by its new key, so it is where the hash of that says.
        StateValue.Row row = await copy.ReadAsync("customers", "balance", new() { Key = columns.Key!.Parse("""{"Region":"WORLD","Id":21}""") }).SingleAsync();
        Assert.Equal("99", ((StateValue.Row)row["value"])["Balance"].ToString());
        Assert.Empty(await SnapshotVerifier.VerifyAsync(copy.Reader, null, null, default));
        await Assert.ThrowsAsync<ObjectExistsException>(async () => await SavepointBuilder.CreateAsync(Stores, _folder["b"], new() { Job = "bank" }));
    }

    Task ManyAsync(string name, int sortBytes) => Task.Run(async () =>
    {
        await using SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, _folder[name], new() { Job = "bank", SortBytes = sortBytes });
        await savepoint.AddValuesAsync("totals", "state", Rows().ToAsyncEnumerable(), ValueStateKind.Fold);
        await savepoint.CompleteAsync();
    });

    static IEnumerable<KeyValue<int, string>> Rows() => Enumerable.Range(0, Many).Select(static n => new KeyValue<int, string>(n, $"value of {n}"));
}
