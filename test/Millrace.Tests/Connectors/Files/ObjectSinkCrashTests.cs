using Millrace.Storage;
using Millrace.Testing.Contracts;
using Millrace.Testing.Stores;
using Millrace.Tests.Storage;

namespace Millrace.Tests.Connectors.Files;

/// <summary>A deployment ends at every call of the store, once before and once after it took effect; the next one goes on from what the ledger knew.</summary>
public sealed class ObjectSinkCrashTests
{
    const string Prefix = "out/";

    // The middle one does not fit a buffer, so its object is uploaded while it is written.
    static readonly string[] s_lines = ["first", new string('x', 300_000), "third", "fourth"];

    [Theory]
    [InlineData(null, false)]
    [InlineData(4L, false)]
    [InlineData(null, true)]
    [InlineData(300_010L, true)]
    public async Task Crash_AtEveryCall_EveryLineIsVisibleOnce(long? rollBy, bool isJoined)
    {
        int calls = (await LiveAsync(FaultPlan.None, rollBy, isJoined)).Calls;
        Assert.InRange(calls, 15, 200);
        for (int i = 0; i < calls; i++)
        {
            await LiveAsync(FaultPlan.CrashBefore(i), rollBy, isJoined);
            await LiveAsync(FaultPlan.CrashAfter(i), rollBy, isJoined);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reply_LostAtEveryCall_EveryLineIsVisibleOnce(bool isJoined)
    {
        int calls = (await LiveAsync(FaultPlan.None, null, isJoined)).Calls;
        for (int i = 0; i < calls; i++) await LiveAsync(FaultPlan.At((i, new StoreFault.LoseReply())), null, isJoined);
    }

    [Fact]
    public async Task Publication_TakesEffectAfterTheNextProcessRepeatedIt_ChangesNothing()
    {
        FaultPlan plan = FaultPlan.On(static call => call.Verb == StoreVerb.CompleteUpload && !call.Key.Contains("_staged", StringComparison.Ordinal), new StoreFault.ApplyLate(1_000));
        FaultStore store = await LiveAsync(plan, null, isJoined: false, applyLate: true);
        Assert.Contains(store.Effects, static e => e.Fault is StoreFault.ApplyLate && e.Outcome.Contains("exists already", StringComparison.Ordinal));
    }

    /// <summary>A life of a job: three checkpoints, then, if it was cut short, another deployment that ends it.</summary>
    static async Task<FaultStore> LiveAsync(FaultPlan plan, long? rollBy, bool isJoined, bool applyLate = false)
    {
        MemoryObjectStore objects = Stores.Memory();
        CountingStore counted = new(objects);
        FaultStore faulty = new(counted, plan, TimeProvider.System);
        Ledger ledger = new();
        try
        {
            await RunAsync(Sink(faulty, rollBy, isJoined), 1, ledger);
        }
        catch (Exception e) when (e is SimulatedCrashException or StoreUnavailableException or SinkRefusedException)
        {
            // The process is gone; what the ledger has is all that is known.
        }

        await RunAsync(Sink(counted, rollBy, isJoined), 2, ledger);
        if (applyLate) await faulty.ApplyLateAsync();
        // The deployment after finds what the two have left.
        await RunAsync(Sink(counted, rollBy, isJoined), 3, ledger);
        Assert.Equal(0, counted.Counts.Lists);
        string where = faulty.CrashedAt is { } call ? $"crash at {call}" : "no crash";
        Assert.True(s_lines.Order(StringComparer.Ordinal).SequenceEqual(await LinesAsync(objects)), where);
        Assert.True(objects.Keys.Where(static k => k.StartsWith(Prefix + "_staged/", StringComparison.Ordinal)).All(IsNote), $"{where}: {string.Join(", ", objects.Keys)}");
        return faulty;
    }

    static bool IsNote(string key) => key.Contains("/deployments/", StringComparison.Ordinal) || key.EndsWith("/floor", StringComparison.Ordinal);

    static ObjectSink<string> Sink(IObjectStore store, long? rollBy, bool isJoined) =>
        ObjectSink.Lines(store, Prefix).RollBy(rollBy, isJoined ? Timeout.InfiniteTimeSpan : null);

    static async Task RunAsync(ObjectSink<string> sink, int deployment, Ledger ledger)
    {
        SinkContext context = SinkSteps.Context(deployment);
        await sink.CheckAsync(context, default);
        foreach (ObjectPrepared part in ledger.Owed.ToArray()) await CommitAsync(sink, part, ledger);
        await sink.AbandonAsync(context, [], default);
        await using ITransactionalWriter<string, ObjectPart> writer = await sink.OpenAsync(context, SinkSteps.Function(), default);
        foreach (string[] lines in s_lines.Skip(ledger.Position).Chunk(2))
        {
            await writer.WriteAsync(lines);
            Assert.True(writer.Seal(isLast: false, out ObjectPart? part));
            ObjectPrepared prepared = await sink.PrepareAsync(part, default);
            // The checkpoint is complete: position and part are in it, or neither.
            ledger.Owed.Enqueue(SinkSteps.Restored(prepared));
            ledger.Position += lines.Length;
            await CommitAsync(sink, prepared, ledger);
        }
    }

    static async Task CommitAsync(ObjectSink<string> sink, ObjectPrepared part, Ledger ledger)
    {
        Assert.NotEqual(CommitOutcome.Missing, await sink.CommitAsync(part, default));
        ledger.Owed.Dequeue();
    }

    static async Task<IEnumerable<string>> LinesAsync(MemoryObjectStore store)
    {
        List<string> lines = [];
        foreach (string key in await store.VisibleAsync(Prefix))
            lines.AddRange(System.Text.Encoding.UTF8.GetString((await store.TryGetAsync(key, default))!).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return lines.Order(StringComparer.Ordinal);
    }

    /// <summary>What survives a crash besides the store of the output.</summary>
    sealed class Ledger
    {
        public Queue<ObjectPrepared> Owed { get; } = [];

        public int Position { get; set; }
    }
}
