using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State;
using Millrace.State.Offline;
using static Millrace.Tests.Runtime.Durable.BooksJob;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Copies of checkpoints whose barriers have overtaken records on their way to an operator: they come along, or it is said why not.</summary>
public sealed class OfflineInFlightTests
{
    const int Keys = 7, Until = 400, Records = 600, Overtaken = 20_000, OvertakenCount = 90;

    readonly OfflineStart _offline = new();

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 2)]
    public async Task Copy_OfAllOfAnOperator_TakesRecordsOnTheirWayAlong(int before, int after)
    {
        await using StateSnapshot taken = await TakeAsync(before);
        await _offline.WriteAsync("copy", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", "ledgers");
        });

        await _offline.RunAsync("copy", source => Flow(source, _offline.Table, KeyOf, "ledgers"), Records, after);

        Assert.Equal(Told([.. Enumerable.Range(0, Until), .. Enumerable.Range(Overtaken, OvertakenCount), .. Enumerable.Range(Until, Records - Until)]), _offline.Answer);
    }

    [Fact]
    public async Task Copy_WithoutRecordsOnTheirWay_IsRefused_UnlessTheyAreGivenUp()
    {
        await using StateSnapshot taken = await TakeAsync(2);
        SavepointRowException refused = await Assert.ThrowsAsync<SavepointRowException>(() => _offline.WriteAsync("refused", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyStateAsync(taken, "books", "total");
        }));
        Assert.StartsWith($"90 records were on their way to operator 'books' in snapshot {taken.Manifest.Id}, and no source reads them again: copy them as well, as the state 'in-flight'; or leave them out with GiveUpInFlight", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_offline.Store.Keys, static k => k.StartsWith("refused/", StringComparison.Ordinal));

        await _offline.WriteAsync("given-up", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books", except: ["in-flight"]);
        });
        await _offline.WriteAsync("state-alone", savepoint =>
        {
            savepoint.GiveUpInFlight(taken, "books");
            return savepoint.CopyStateAsync(taken, "books", "total").AsTask();
        });

        await _offline.RunAsync("given-up", source => Flow(source, _offline.Table, KeyOf), Records, 2);
        Assert.Equal(Told([.. Enumerable.Range(0, Records)]), _offline.Answer);
    }

    [Fact]
    public async Task Copy_OfReKeyedStateWithRecordsOnTheirWay_IsRefused()
    {
        await using StateSnapshot taken = await TakeAsync(2);
        SavepointRowException refused = await Assert.ThrowsAsync<SavepointRowException>(() => _offline.WriteAsync("refused", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "books", except: ["total"]);
            await savepoint.CopyStateAsync(taken, "books", "total", change: static row => row.With("key", StateValue.Scalar.Of($"new {row["key"]}")));
        }));
        Assert.Contains("where the keys that they had put them, and state of it was given other keys", refused.Message, StringComparison.Ordinal);
        ArgumentException wrong = await Assert.ThrowsAsync<ArgumentException>(() => _offline.WriteAsync("refused", savepoint => savepoint.CopyStateAsync(taken, "books", "in-flight", change: static row => row).AsTask()));
        Assert.Contains("no rows with keys; it can only be copied as it is", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>What a plan cannot know: the program keys the same records otherwise. They would come to an instance that does not have the row of their key.</summary>
    [Fact]
    public async Task Start_OfAProgramThatKeysRecordsOnTheirWayOtherwise_FailsAndSaysSo()
    {
        await using StateSnapshot taken = await TakeAsync(2);
        await _offline.WriteAsync("copy", async savepoint =>
        {
            await savepoint.CopyOperatorAsync(taken, "numbers");
            await savepoint.CopyOperatorAsync(taken, "books");
        });
        DurableOptions options = StoredJob.Options(_offline.Store, new StartFrom.Address("memory://copy")) with { Restart = new Millrace.Runtime.Jobs.RestartPolicy.None(), IsRewind = true };
        Dataflow flow = Flow(new(Records, -1), _offline.Table, static n => $"{KeyOf(n)} of another kind");
        Exception failed = await Assert.ThrowsAnyAsync<Exception>(() => EmbeddedCluster.StartDurable(flow.Build(), new() { Parallelism = 3, Threads = 2 }, options).Completion);
        Assert.Contains("a record on its way to operator 'books' has another key than when it was written", $"{failed}", StringComparison.Ordinal);
        Assert.Contains("--drop-in-flight books", $"{failed}", StringComparison.Ordinal);

        options = options with { InFlightDrops = ["books"], Drops = ["books"] };
        Assert.Equal(JobEnding.Finished, (await EmbeddedCluster.StartDurable(Flow(new(Records, -1), _offline.Table, static n => $"{KeyOf(n)} of another kind").Build(), new() { Parallelism = 3, Threads = 2 }, options).Completion).Ending);
    }

    static string KeyOf(int n) => $"book {n % Keys}";

    static IEnumerable<string> Told(IReadOnlyList<int> numbers) => numbers.GroupBy(KeyOf).Select(static g => Line(g.Key, [.. g]))
        .Concat(numbers.Where(static n => n % 50 == 0).Select(static n => Mark(KeyOf(n), End + n))).Order(StringComparer.Ordinal);

    /// <summary>The savepoint of a job, with records on their way to it besides.</summary>
    async Task<StateSnapshot> TakeAsync(int parallelism)
    {
        await using StateSnapshot taken = await _offline.TakeAsync(source => Flow(source, _offline.Table, KeyOf), Until, Records, parallelism);
        return await _offline.OvertakeAsync(taken, "books", [.. Enumerable.Range(Overtaken, OvertakenCount)], static n => KeyTypes.Of<string>().Hash(KeyOf(n)), new(Until));
    }
}
