using Millrace.Benchmarks.Data;
using Millrace.Benchmarks.Measuring;
using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;
using Millrace.Storage;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>The state of one task, and records that change it: rows of numbers, or rows of text.</summary>
sealed class BenchRows
{
    const string OperatorId = "rows";

    static readonly string[] s_names = ["Anna", "Bruno", "Chiara", "Dmitri", "Elif", "Fatima", "Gustav", "Hana", "Ivan", "Jana", "Kofi", "Lena", "Mateo", "Nadia", "Omar", "Priya"];
    static readonly string[] s_streets = ["Harbour Street", "Mill Lane", "Station Road", "Market Square", "Church Street", "Long Acre", "Garden Row", "Bridge Street"];
    static readonly string[] s_states = ["shipped", "delivered", "paid", "waiting for stock", "returned"];

    readonly Action<long> _update;
    readonly Func<BenchRows> _empty;
    SeededRandom _random = new(7);

    BenchRows(KeyedRows rows, int keys, Action<long> update, Func<BenchRows> empty) => (Rows, Keys, _update, _empty) = (rows, keys, update, empty);

    public KeyedRows Rows { get; }

    public int Keys { get; }

    /// <summary>A number of 64 bits and a value of 16 bytes, half of which looks like chance.</summary>
    public static BenchRows Numbers(int keys)
    {
        BenchRows rows = EmptyNumbers(keys, out StateTable<long, UInt128, Int64KeyOps> table);
        for (long key = 0; key < keys; key++) table.GetOrAdd(KeyHash.Of(key), key, out _) = new((ulong)key * 0x9E3779B97F4A7C15, (ulong)key);
        return rows;
    }

    /// <summary>A number of 64 bits, and a count and a sum, as aggregates are: small numbers in 16 bytes.</summary>
    public static BenchRows Counts(int keys)
    {
        BenchRows rows = EmptyNumbers(keys, out StateTable<long, UInt128, Int64KeyOps> table);
        SeededRandom random = new(11);
        for (long key = 0; key < keys; key++)
        {
            ulong count = 1 + (ulong)random.Below(1_000);
            table.GetOrAdd(KeyHash.Of(key), key, out _) = new(count * (ulong)random.Below(10_000), count);
        }

        return rows;
    }

    /// <summary>A key of 20 characters and a line of some 70 about it.</summary>
    public static BenchRows Text(int keys)
    {
        BenchRows rows = EmptyText(keys, out StateTable<string, string, StringKeyOps> table);
        SeededRandom random = new(3);
        for (int i = 0; i < keys; i++)
        {
            string key = KeyOf(i);
            table.GetOrAdd(KeyHash.Of(key), key, out _) = LineOf(ref random);
        }

        return rows;
    }

    /// <summary>Handles a thousand records of random keys, as the thread of a task does.</summary>
    public void Update()
    {
        for (int i = 0; i < 1_000; i++) _update(_random.Below(Keys));
    }

    /// <summary>Takes the cut and copies everything.</summary>
    public IReadOnlyList<CapturedRun> Capture(long id)
    {
        Rows.Begin(new(id, 0, KeyRange.Full, IsFull: true));
        int slots = int.MaxValue;
        while (!Rows.Capture(ref slots)) slots = int.MaxValue;
        return Rows.Take();
    }

    /// <summary>Writes what was captured, as a worker does: durable when it completes.</summary>
    public async Task<WrittenSnapshot> WriteAsync(IObjectStore store, long id, IReadOnlyList<CapturedRun> runs, PackOptions options)
    {
        PackWriter packs = new(store, "", new PackOrigin(new AttemptId(1, 1), 0, id, "bench"), options);
        await using (packs.ConfigureAwait(false))
        {
            List<RunEntry> entries = [];
            foreach (CapturedRun run in runs)
            {
                using RunWriter writer = packs.BeginRun(RunDescription.Of(OperatorId, Rows.Schema, id, run));
                await run.WriteAsync(writer, CancellationToken.None).ConfigureAwait(false);
                entries.Add(await writer.CompleteAsync(CancellationToken.None).ConfigureAwait(false));
                run.Dispose();
            }

            return new(await packs.CompleteAsync(CancellationToken.None).ConfigureAwait(false), entries);
        }
    }

    /// <summary>Reads it into a new state, as a task that is restored does: one thread.</summary>
    public async Task RestoreAsync(IObjectStore store, WrittenSnapshot snapshot)
    {
        KeyedRows rows = _empty().Rows;
        rows.Expect(snapshot.Rows);
        long restored = 0;
        PackReader[] packs = new PackReader[snapshot.Packs.Count];
        for (int i = 0; i < packs.Length; i++) packs[i] = await PackReader.OpenAsync(store, "", snapshot.Packs[i], CancellationToken.None).ConfigureAwait(false);
        foreach (RunEntry entry in snapshot.Runs.Where(static r => r.Pack != RunEntry.Nowhere))
        {
            IRunReader run = packs[entry.Pack].OpenRun(OperatorId, rows.Schema, entry, KeyRange.Full);
            await using (run.ConfigureAwait(false))
            {
                while (await run.ReadBlockAsync(CancellationToken.None).ConfigureAwait(false)) rows.RestoreBlock(run);
            }

            restored += entry.Rows;
        }

        rows.OnRestored();
        if (restored != Keys) throw new BenchmarkException($"{restored} rows were restored of {Keys}");
    }

    static BenchRows EmptyNumbers(int keys, out StateTable<long, UInt128, Int64KeyOps> table)
    {
        StateTable<long, UInt128, Int64KeyOps> made = table = new();
        KeyedRows rows = KeyedRows.OfTable("numbers", "value", made);
        rows.Own(KeyRange.Full);
        return new(rows, keys, key => made.GetOrAdd(KeyHash.Of(key), key, out _) += 1, () => EmptyNumbers(keys, out _));
    }

    static BenchRows EmptyText(int keys, out StateTable<string, string, StringKeyOps> table)
    {
        StateTable<string, string, StringKeyOps> made = table = new();
        KeyedRows rows = KeyedRows.OfTable("lines", "value", made);
        rows.Own(KeyRange.Full);
        string[] names = [.. Enumerable.Range(0, 1_000).Select(KeyOf)];
        SeededRandom random = new(5);
        return new(rows, keys, at =>
        {
            string key = names[at % names.Length];
            made.GetOrAdd(KeyHash.Of(key), key, out _) = s_states[random.Below(s_states.Length)];
        }, () => EmptyText(keys, out _));
    }

    static string KeyOf(int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"customer-{number:D11}");

    static string LineOf(ref SeededRandom random) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{s_names[random.Below(s_names.Length)]}, {random.Below(200)} {s_streets[random.Below(s_streets.Length)]}; order {random.Below(10_000_000)} of 2026-{1 + random.Below(12):D2}-{1 + random.Below(28):D2} {s_states[random.Below(s_states.Length)]}");
}
