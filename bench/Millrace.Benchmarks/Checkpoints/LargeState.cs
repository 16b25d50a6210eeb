using Millrace.Benchmarks.Data;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;
using Millrace.Storage;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>The state of one task with many keys: a number of 64 bits each, with a value of 16 bytes that stays as long when it is written.</summary>
sealed class LargeState
{
    public const string OperatorId = "sums";
    public const int BatchRecords = 1_024;

    readonly uint[] _hashes = new uint[BatchRecords];
    readonly long[] _keys = new long[BatchRecords];

    public LargeState() => Rows = KeyedRows.OfTable("sums", "value", Table);

    public StateTable<long, UInt128, Int64KeyOps> Table { get; } = new();

    public KeyedRows Rows { get; }

    /// <summary>The hashes of its keys.</summary>
    public KeyRange Range { get; private init; } = KeyRange.Full;

    /// <summary>The state of the only task of an operator.</summary>
    public static LargeState Of(int keys) => Of(keys, 0, 1);

    /// <summary>The state of one of the tasks of an operator.</summary>
    public static LargeState Of(int keys, int task, int tasks)
    {
        LargeState state = new() { Range = KeyRange.Of(task, tasks) };
        state.Rows.Own(state.Range);
        state.Table.Reserve(keys / tasks);
        for (long key = 0; key < keys; key++)
        {
            uint hash = KeyHash.Of(key);
            if (state.Range.Contains(hash)) state.Table.GetOrAdd(hash, key, out _) = new((ulong)key * 0x9E3779B97F4A7C15, (ulong)key);
        }

        return state;
    }

    /// <summary>One batch of records with random keys, as a keyed operator handles it.</summary>
    public void Update(ref SeededRandom random, long keys)
    {
        for (int i = 0; i < BatchRecords; i++)
        {
            long key = random.Below(keys);
            _keys[i] = key;
            _hashes[i] = KeyHash.Of(key);
            Table.Prefetch(_hashes[i]);
        }

        for (int i = 0; i < BatchRecords; i++) Table.GetOrAdd(_hashes[i], _keys[i], out _) += 1;
    }

    /// <summary>Takes the cut and copies everything.</summary>
    public IReadOnlyList<CapturedRun> Capture(RowsCut cut)
    {
        Rows.Begin(cut);
        int slots = int.MaxValue;
        while (!Rows.Capture(ref slots)) slots = int.MaxValue;
        return Rows.Take();
    }

    /// <summary>Writes what was captured, as a worker does: one thread, one run after the other, durable when it completes.</summary>
    public Task<WrittenSnapshot> WriteAsync(IObjectStore store, long id, IReadOnlyList<CapturedRun> runs) =>
        WriteAsync(store, id, [packs => WriteRunsAsync(packs, id, runs)]);

    /// <summary>Captures the states of all tasks of an operator and writes them into the same packs, each on a thread of its own.</summary>
    public static Task<WrittenSnapshot> WriteAllAsync(IObjectStore store, long id, LargeState[] tasks) => WriteAsync(
        store, id, [.. tasks.Select<LargeState, Func<PackWriter, Task<List<RunEntry>>>>(
            task => packs => Task.Run(() => task.WriteRunsAsync(packs, id, task.Capture(new(id, 0, task.Range, IsFull: true)))))]);

    /// <summary>Reads a snapshot of full runs into a new state, as a task that is restored does.</summary>
    public static async Task<LargeState> RestoreAsync(IObjectStore store, WrittenSnapshot snapshot)
    {
        LargeState state = new();
        state.Rows.Expect(snapshot.Rows);
        PackReader[] packs = new PackReader[snapshot.Packs.Count];
        for (int i = 0; i < packs.Length; i++) packs[i] = await PackReader.OpenAsync(store, "", snapshot.Packs[i], CancellationToken.None).ConfigureAwait(false);
        foreach (RunEntry entry in snapshot.Runs.Where(static r => r.Pack != RunEntry.Nowhere))
        {
            IRunReader run = packs[entry.Pack].OpenRun(OperatorId, state.Rows.Schema, entry, KeyRange.Full);
            await using (run.ConfigureAwait(false))
            {
                while (await run.ReadBlockAsync(CancellationToken.None).ConfigureAwait(false)) state.Rows.RestoreBlock(run);
            }
        }

        state.Rows.OnRestored();
        return state;
    }

    static async Task<WrittenSnapshot> WriteAsync(IObjectStore store, long id, Func<PackWriter, Task<List<RunEntry>>>[] writers)
    {
        PackWriter packs = new(store, "", new PackOrigin(new AttemptId(1, 1), 0, id, "bench"));
        await using (packs.ConfigureAwait(false))
        {
            List<RunEntry>[] entries = await Task.WhenAll(writers.Select(w => w(packs))).ConfigureAwait(false);
            return new(await packs.CompleteAsync(CancellationToken.None).ConfigureAwait(false), [.. entries.SelectMany(static e => e)]);
        }
    }

    async Task<List<RunEntry>> WriteRunsAsync(PackWriter packs, long id, IReadOnlyList<CapturedRun> runs)
    {
        List<RunEntry> entries = [];
        foreach (CapturedRun run in runs)
        {
            using RunWriter writer = packs.BeginRun(RunDescription.Of(OperatorId, Rows.Schema, id, run));
            await run.WriteAsync(writer, CancellationToken.None).ConfigureAwait(false);
            entries.Add(await writer.CompleteAsync(CancellationToken.None).ConfigureAwait(false));
            run.Dispose();
        }

        return entries;
    }

    /// <summary>A number made of all rows, whatever their order.</summary>
    public UInt128 Checksum()
    {
        UInt128 sum = 0;
        foreach ((_, long key, UInt128 value) in Table.Rows()) sum += value ^ (UInt128)(ulong)key;
        return sum;
    }
}

/// <summary>What a checkpoint has written.</summary>
/// <param name="Packs">The packs.</param>
/// <param name="Runs">The runs in them.</param>
sealed record WrittenSnapshot(IReadOnlyList<PackEntry> Packs, IReadOnlyList<RunEntry> Runs)
{
    public long Bytes => Packs.Sum(static p => p.Length);

    public long Rows => Runs.Sum(static r => r.Rows);

    public async Task DeleteAsync(IObjectStore store)
    {
        foreach (PackEntry pack in Packs) await store.DeleteAsync(pack.Key, CancellationToken.None).ConfigureAwait(false);
    }
}
