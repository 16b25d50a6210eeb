using Millrace.State.Offline;
using Millrace.State.Snapshots;
using static Millrace.Tests.Runtime.Durable.BooksJob;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Jobs that start from savepoints which no job took: made of data, or of another savepoint with operators renamed and dropped, rows re-keyed, changed and left out.</summary>
public sealed class OfflineStartTests
{
    const int Keys = 7, Until = 400, Records = 600, Old = 10_000, OldCount = 2_100;

    readonly OfflineStart _offline = new();

    [Theory]
    [InlineData(1, 1 << 20)]
    [InlineData(3, 1 << 16)]
    public async Task Bootstrap_FromData_IsWhatTheJobBeginsWith(int parallelism, int sortBytes)
    {
        // A key of the old system may have no number of the new one. Lists are longer than a chunk.
        Dictionary<string, int[]> books = Enumerable.Range(Old, OldCount).GroupBy(KeyOf).ToDictionary(static g => g.Key, static g => g.ToArray());
        books.Add("closed", [Old - 1]);
        await _offline.WriteAsync("bootstrap", savepoint => BootstrapAsync(savepoint, books), sortBytes);

        await _offline.RunAsync("bootstrap", source => Flow(source, _offline.Table, KeyOf), Records, parallelism);

        string[] expected = [.. books.Select(static b => Line(b.Key, [.. b.Value, .. Enumerable.Range(0, Records).Where(n => KeyOf(n) == b.Key)])),
            .. books.Select(static b => Mark(b.Key, End + 7)), .. Enumerable.Range(0, Records).Where(static n => n % 50 == 0).Select(static n => Mark(KeyOf(n), End + n))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _offline.Answer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task Bootstrap_OfAFoldingVerb_IsFoldedOn(int parallelism)
    {
        await _offline.WriteAsync("bootstrap", static savepoint => savepoint.AddValuesAsync(
            "sums", SavepointBuilder.FoldState, Enumerable.Range(0, Keys - 1).Select(static k => new KeyValue<int, int>(k, 1_000_000 * (k + 1))).ToAsyncEnumerable(), ValueStateKind.Fold).AsTask());

        await _offline.RunAsync("bootstrap", source => FoldFlow(source, _offline.Table, Keys), Records, parallelism);

        int[] sums = [.. Enumerable.Range(1, Keys - 1).Select(static k => 1_000_000 * k), 0];
        Assert.Equal(Enumerable.Range(0, Records).Select(n => $"{sums[n % Keys] += n}").Order(StringComparer.Ordinal), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_OfARenamedOperator_GoesOnUnderItsNewName(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("renamed", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", "ledgers");
        });

        await _offline.RunAsync("renamed", source => Flow(source, _offline.Table, KeyOf, "ledgers"), Records, after);

        Assert.Equal(Told(KeyOf, Enumerable.Range(0, Records)), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    public async Task Copy_WithoutAnOperator_BeginsItEmpty(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("dropped", savepoint => savepoint.CopyOperatorAsync(taken, "numbers").AsTask());

        await _offline.RunAsync("dropped", source => Flow(source, _offline.Table, KeyOf), Records, after);

        // The source goes on where it was, and nobody knows what it had read.
        Assert.Equal(Told(KeyOf, Enumerable.Range(Until, Records - Until)), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_WithOtherValuesOfKeys_FindsTheRowsUnderThem(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("rekeyed", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            foreach (string state in StatesOf(taken, "books"))
                await savepoint.CopyStateAsync(taken, "books", state, change: static row => row.With("key", StateValue.Scalar.Of($"new {row["key"]}")));
        });

        await _offline.RunAsync("rekeyed", source => Flow(source, _offline.Table, static n => $"new {KeyOf(n)}"), Records, after);

        Assert.Equal(Told(static n => $"new {KeyOf(n)}", Enumerable.Range(0, Records)), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_WithKeysOfAnotherType_FindsTheRowsUnderThem(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("rekeyed", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.AddValuesAsync("books", "total", taken.ReadValuesAsync<string, BookTotal>("books", "total").Select(static r => new KeyValue<Book, BookTotal>(Book.Of(r.Key), r.Value)));
            await savepoint.AddValuesAsync("books", "largest", taken.ReadValuesAsync<string, int>("books", "largest").Select(static r => new KeyValue<Book, int>(Book.Of(r.Key), r.Value)), ValueStateKind.Reducing);
            await savepoint.AddValuesAsync("books", "count", taken.ReadValuesAsync<string, short>("books", "count").Select(static r => new KeyValue<Book, short>(Book.Of(r.Key), r.Value)), ValueStateKind.Aggregating);
            foreach (string list in (string[])["numbers", "recent"])
                await savepoint.AddListsAsync("books", list, taken.ReadListsAsync<string, int>("books", list).Select(static r => new KeyValue<Book, IReadOnlyList<int>>(Book.Of(r.Key), r.Value)));
            await savepoint.AddMapEntriesAsync("books", "rests", taken.ReadMapEntriesAsync<string, string, long>("books", "rests").Select(static r => (Book.Of(r.Key), r.MapKey, r.Value)));
            // Entries come in no order, and the map keeps that in which they are added.
            await savepoint.AddMapEntriesAsync("books", "seen", taken.ReadMapEntriesAsync<string, int, int>("books", "seen").OrderBy(static r => r.MapKey).Select(static r => (Book.Of(r.Key), r.MapKey, r.Value)));
            await savepoint.AddTimersAsync("books", "end", Timers(taken, "end"), TimerStateKind.EventTimer);
            await savepoint.AddTimersAsync("books", "marks", Timers(taken, "marks"), TimerStateKind.EventTimerSet);
        });

        await _offline.RunAsync("rekeyed", source => Flow(source, _offline.Table, static n => Book.Of(KeyOf(n))), Records, after);

        Assert.Equal(Told(static n => $"{Book.Of(KeyOf(n))}", Enumerable.Range(0, Records)), _offline.Answer);

        static IAsyncEnumerable<KeyValue<Book, Timestamp>> Timers(StateSnapshot taken, string name) =>
            taken.ReadTimersAsync<string>("books", name).Select(static r => new KeyValue<Book, Timestamp>(Book.Of(r.Key), r.Value));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_WithOtherValues_GoesOnWithThem(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("changed", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", except: ["total", "marks"]);
            await savepoint.CopyStateAsync(taken, "books", "total", change: static row =>
            {
                StateValue.Row total = (StateValue.Row)row["value"];
                return row.With("value", total.With("Sum", StateValue.Scalar.Of((int)((StateValue.Scalar)total["Sum"]).Value + 1_000_000)));
            });
            // Old marks are a tick later.
            await savepoint.CopyStateAsync(taken, "books", "marks", change: static row => row.With("sub", StateValue.Scalar.Of((Timestamp)((StateValue.Scalar)row["sub"]).Value + TimeSpan.FromTicks(1))));
        });

        await _offline.RunAsync("changed", source => Flow(source, _offline.Table, KeyOf), Records, after);

        IEnumerable<int> all = Enumerable.Range(0, Records);
        string[] expected = [.. all.GroupBy(KeyOf).Select(static g => Line(g.Key, [.. g], total: $"{g.Sum() + 1_000_000}/{g.Count()}")), .. all.Where(static n => n % 50 == 0).Select(static n => Mark(KeyOf(n), n < Until ? End + n + 1 : End + n))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_OfSomeRows_HasThoseAndNoOthers(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("filtered", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            foreach (string state in StatesOf(taken, "books"))
            {
                StatePredicate wanted = StatePredicate.Parse("key = 'book 1' or key >= 'book 4'", taken.Columns("books", state));
                await savepoint.CopyStateAsync(taken, "books", state, change: row => wanted.Fits(row) ? row : null);
            }
        });

        await _offline.RunAsync("filtered", source => Flow(source, _offline.Table, KeyOf), Records, after);

        Assert.Equal(Told(KeyOf, Enumerable.Range(0, Records).Where(static n => n >= Until || n % Keys is 1 or >= 4)), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_OfStateWithATtl_KeepsTheTimesOfItsRenewals(int before, int after)
    {
        // A lifetime that ends for the numbers below 150 at the savepoint, and for those below the last 250 at the end.
        StateTtl ttl = StateTtl.EventTime(new(End - Records + 250)), first = StateTtl.EventTime(new(250));
        await using StateSnapshot taken = await TakeAsync(before, first);
        await _offline.WriteAsync("expiring", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", except: ["recent"]);
            await savepoint.CopyStateAsync(taken, "books", "recent", change: static row => row);
        });

        await _offline.RunAsync("expiring", source => Flow(source, _offline.Table, KeyOf, ttl: ttl), Records, after);

        string[] expected = [.. Enumerable.Range(0, Records).GroupBy(KeyOf).Select(static g => Line(g.Key, [.. g], g.Where(static n => n > Records - 250))), .. Marks(KeyOf, Enumerable.Range(0, Records))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _offline.Answer);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_FromTwoSnapshots_HasTheOperatorsOfBoth(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("late", savepoint => BootstrapAsync(savepoint, new() { ["book 2"] = [Old] }));
        await using StateSnapshot late = await _offline.OpenAsync("late");
        await _offline.WriteAsync("both", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(late, "books");
        });

        await _offline.RunAsync("both", source => Flow(source, _offline.Table, KeyOf), Records, after);

        IEnumerable<int> numbers = [Old, .. Enumerable.Range(Until, Records - Until)];
        string[] expected = [.. numbers.GroupBy(static n => n == Old ? "book 2" : KeyOf(n)).Select(static g => Line(g.Key, [.. g])), Mark("book 2", End + 7), .. Marks(KeyOf, Enumerable.Range(Until, Records - Until))];
        Assert.Equal(expected.Order(StringComparer.Ordinal), _offline.Answer);
    }

    /// <summary>A key of several members.</summary>
    internal sealed record Book(string Shelf, int Number)
    {
        public static Book Of(string key) => new($"shelf {key[^1] % 2}", key[^1] - '0');
    }

    static string KeyOf(int n) => $"book {n % Keys}";

    static IEnumerable<string> Told(Func<int, string> keyOf, IEnumerable<int> numbers)
    {
        List<int> all = [.. numbers];
        return all.GroupBy(keyOf).Select(static g => Line(g.Key, [.. g])).Concat(Marks(keyOf, all)).Order(StringComparer.Ordinal);
    }

    static IEnumerable<string> Marks(Func<int, string> keyOf, IEnumerable<int> numbers) => numbers.Where(static n => n % 50 == 0).Select(n => Mark(keyOf(n), End + n));

    static IEnumerable<string> StatesOf(StateSnapshot snapshot, string operatorId) =>
        snapshot.Manifest.Operators.Single(o => o.Id == operatorId).States.Where(static s => s.Schema.Layout == StateLayout.Keyed).Select(static s => s.Schema.Name);

    static async Task BootstrapAsync(SavepointBuilder savepoint, Dictionary<string, int[]> books)
    {
        await savepoint.AddValuesAsync("books", "total", books.Select(static b => new KeyValue<string, BookTotal>(b.Key, new(b.Value.Sum(), b.Value.Length))).ToAsyncEnumerable());
        await savepoint.AddValuesAsync("books", "largest", books.Select(static b => new KeyValue<string, int>(b.Key, b.Value.Max())).ToAsyncEnumerable(), ValueStateKind.Reducing);
        await savepoint.AddValuesAsync("books", "count", books.Select(static b => new KeyValue<string, short>(b.Key, (short)b.Value.Length)).ToAsyncEnumerable(), ValueStateKind.Aggregating);
        foreach (string list in (string[])["numbers", "recent"])
            await savepoint.AddListsAsync("books", list, books.Select(static b => new KeyValue<string, IReadOnlyList<int>>(b.Key, b.Value)).ToAsyncEnumerable());
        await savepoint.AddMapEntriesAsync("books", "rests", books.SelectMany(static b => b.Value.GroupBy(static n => $"r{n % 3}").Select(g => (b.Key, g.Key, (long)g.Sum()))).ToAsyncEnumerable());
        await savepoint.AddMapEntriesAsync("books", "seen", books.SelectMany(static b => b.Value.Select(n => (b.Key, n, n))).ToAsyncEnumerable());
        await savepoint.AddTimersAsync("books", "end", books.Select(static b => new KeyValue<string, Timestamp>(b.Key, new(End))).ToAsyncEnumerable(), TimerStateKind.EventTimer);
        await savepoint.AddTimersAsync("books", "marks", books.Select(static b => new KeyValue<string, Timestamp>(b.Key, new(End + 7))).ToAsyncEnumerable(), TimerStateKind.EventTimerSet);
    }

    Task<StateSnapshot> TakeAsync(int parallelism, StateTtl? ttl = null) => _offline.TakeAsync(source => Flow(source, _offline.Table, KeyOf, ttl: ttl), Until, Records, parallelism);
}
