using Millrace.Runtime;
using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Exchange;
using Millrace.Runtime.Tasks;
using Millrace.State;
using Millrace.State.Offline;
using Millrace.State.Snapshots;
using Millrace.Storage;
using Millrace.Testing;
using Millrace.Testing.Stores;
using Millrace.Tests.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>Savepoints written without a job into a store in memory, and jobs that start from them.</summary>
sealed class OfflineStart
{
    public MemoryObjectStore Store { get; } = new(TimeProvider.System);

    public ModelTable Table { get; } = new();

    /// <summary>What the job has written, in order of the text.</summary>
    public IReadOnlyList<string> Answer => Table.Visible;

    ObjectStores Stores => new ObjectStores(new(new ManualTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)), new NonceSource(7)))
        .Register("memory", (address, _, _) => new(Store.Under(address.Path.Length == 0 ? address.Place : $"{address.Place}/{address.Path}")));

    /// <summary>Writes a savepoint.</summary>
    public async Task WriteAsync(string name, Func<SavepointBuilder, Task> write, int sortBytes = 1 << 20)
    {
        await using SavepointBuilder savepoint = await SavepointBuilder.CreateAsync(Stores, $"memory://{name}", new() { Job = BooksJob.Name, SortBytes = sortBytes });
        await write(savepoint);
        await savepoint.CompleteAsync();
    }

    /// <summary>Opens one.</summary>
    public ValueTask<StateSnapshot> OpenAsync(string name) => StateSnapshot.OpenAsync(Stores, $"memory://{name}");

    /// <summary>Runs a job from its beginning to a number, of so many, and opens the savepoint that it is stopped with.</summary>
    public async Task<StateSnapshot> TakeAsync(Func<HeldSource, Dataflow> flow, int until, int count, int parallelism)
    {
        HeldSource source = new(count, until);
        await StoredJob.StopAsync(Store, flow(source), parallelism, source);
        return await OpenAsync(StoredJob.SavepointOf(Store).TrimEnd('/'));
    }

    /// <summary>Adds records to a savepoint that are on their way to an operator, as an unaligned checkpoint has them.</summary>
    /// <returns>The savepoint, opened again.</returns>
    public async Task<StateSnapshot> OvertakeAsync<T>(StateSnapshot taken, string operatorId, T[] sent, Func<T, uint> hashOf, Timestamp time)
    {
        string folder = StoredJob.SavepointOf(Store);
        InFlightRecords<T> records = new(hashOf, KeyRange.Full);
        records.Begin();
        foreach (T[] some in sent.Chunk(30))
        {
            Batch<T> batch = new(some.Length, hasTimestamps: true) { Count = some.Length };
            for (int i = 0; i < some.Length; i++) (batch.Values[i], batch.Timestamps[i]) = (some[i], time);
            records.Add(batch, channel: 0);
        }

        await using PackWriter writer = new(Store, folder, SnapshotSamples.Origin(taken.Manifest.Id), new PackOptions());
        CapturedRun captured = Assert.Single(records.Take());
        using RunWriter run = writer.BeginRun(RunDescription.Of(operatorId, records.Schema, taken.Manifest.Id, captured));
        await captured.WriteAsync(run, CancellationToken.None);
        RunEntry written = await run.CompleteAsync(CancellationToken.None);
        IReadOnlyList<PackEntry> packs = await writer.CompleteAsync(CancellationToken.None);
        StateEntry input = new() { Schema = records.Schema, Runs = [written with { Pack = taken.Manifest.Packs.Count }] };
        SnapshotManifest manifest = taken.Manifest with
        {
            Packs = [.. taken.Manifest.Packs, .. packs],
            Operators = [.. taken.Manifest.Operators.Select(o => o.Id != operatorId ? o : o with { States = [.. o.States.Where(static s => s.Schema.Layout != StateLayout.InFlight), input] })],
        };
        await Store.PutAsync($"{folder}_metadata", ManifestJson.Write(manifest), CancellationToken.None);
        return await OpenAsync(folder.TrimEnd('/'));
    }

    /// <summary>Plans a start from a savepoint and says whether the job can; then starts it, as another job in the same store, and runs it to its end. Two checkpoints are taken on the way.</summary>
    public async Task RunAsync(string name, Func<HeldSource, Dataflow> flow, int count, int parallelism)
    {
        // Nothing of the job that took the savepoint is there any more.
        MemoryObjectStore elsewhere = new(TimeProvider.System);
        foreach (string key in Store.Keys.Where(k => k.StartsWith($"{name}/", StringComparison.Ordinal))) await elsewhere.PutAsync(key, (await Store.TryGetAsync(key, CancellationToken.None))!, CancellationToken.None);
        StartFrom from = new StartFrom.Address($"memory://{name}");
        EmbeddedOptions options = new() { Parallelism = parallelism, Threads = 2 };
        StartPlan plan = await StartPlan.ReadAsync(flow(new(count, -1)).Build(), options, StoredJob.Options(elsewhere, from), TestContext.Current.CancellationToken);
        Assert.True(plan.CanStart, string.Join('\n', plan.Lines));
        HeldSource source = new(count, count - 20);
        DurableJob job = StoredJob.Start(elsewhere, flow(source), parallelism, from);
        await Task.WhenAny(source.Reached, job.Completion);
        if (!job.Completion.IsCompleted)
        {
            Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
            Assert.IsType<CheckpointAnswer.Taken>(await job.CheckpointAsync());
        }

        source.Release();
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
    }
}
