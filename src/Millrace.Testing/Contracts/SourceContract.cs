namespace Millrace.Testing.Contracts;

/// <summary>
/// What the engine relies on in every bounded source that can be resumed. Call <see cref="CheckAsync"/> from a test of any framework, or
/// the parts from one test each.
/// </summary>
/// <typeparam name="T">The record type; compared with its default comparer.</typeparam>
/// <typeparam name="TSplit">The split type; compared with its default comparer, so a record.</typeparam>
/// <param name="create">Makes the source anew over the same input.</param>
/// <param name="expected">All its records, split after split.</param>
public sealed class SourceContract<T, TSplit>(Func<ISource<T, TSplit>> create, IReadOnlyList<T> expected) where TSplit : class, ISplit
{
    /// <summary>Checks all of it.</summary>
    /// <exception cref="ExpectationException">The source breaks a part of the contract, which the message names.</exception>
    public async Task CheckAsync()
    {
        CheckProblems();
        foreach (int batchRecords in (int[])[1, 3, 1024]) await CheckReadAsync(batchRecords).ConfigureAwait(false);
        await CheckSplitsAsync().ConfigureAwait(false);
        await CheckPositionsAsync().ConfigureAwait(false);
        await CheckWaitAsync().ConfigureAwait(false);
        await CheckDisposeAsync().ConfigureAwait(false);
    }

    /// <summary>An ordinary source has no problems.</summary>
    public void CheckProblems() => Require(create().Problems, [], "Problems of a source that can run must be empty");

    /// <summary>Whatever the room of the batches, all records come, in order.</summary>
    /// <param name="batchRecords">One or more.</param>
    public async Task CheckReadAsync(int batchRecords)
    {
        ISource<T, TSplit> source = create();
        List<T> read = [];
        foreach (TSplit split in await source.DiscoverAllAsync().ConfigureAwait(false))
            read.AddRange(await source.ReadSplitAsync(split, batchRecords).ConfigureAwait(false));
        Require(read, expected, $"reading all splits with room for {batchRecords} records must give all records in order");
    }

    /// <summary>Discovery finds the same splits again, whatever the parallelism, and each has an id of its own.</summary>
    public async Task CheckSplitsAsync()
    {
        IReadOnlyList<TSplit> first = await create().DiscoverAllAsync(1).ConfigureAwait(false);
        Require(await create().DiscoverAllAsync(4).ConfigureAwait(false), first, "discovery must find the same splits again, whatever the parallelism");
        string[] ids = [.. first.Select(static s => s.Id)];
        Require(ids, [.. ids.Distinct(StringComparer.Ordinal)], "the ids of splits must differ");
    }

    /// <summary>After any record, a reader opened at the position reads exactly the rest; positions keep the id of their split.</summary>
    public async Task CheckPositionsAsync()
    {
        ISource<T, TSplit> source = create();
        foreach (TSplit split in await source.DiscoverAllAsync().ConfigureAwait(false))
        {
            IReadOnlyList<T> all = await source.ReadSplitAsync(split).ConfigureAwait(false);
            ISplitReader<T, TSplit> reader = await source.OpenAsync(split, SplitReads.Context(), CancellationToken.None).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                List<T> read = [];
                do
                {
                    TSplit position = reader.Position;
                    Require([reader.Position], [position], "a position must not change while nothing is read");
                    Require([position.Id], [split.Id], "a position must keep the id of its split");
                    Require(
                        await source.ReadSplitAsync(position).ConfigureAwait(false), [.. all.Skip(read.Count)],
                        $"opening the position after {read.Count} records of split '{split.Id}' must give exactly the rest");
                }
                while (await reader.StepAsync(read, 1).ConfigureAwait(false) != ReadStatus.Finished);
                Require(await source.ReadSplitAsync(reader.Position).ConfigureAwait(false), [], $"the position at the end of split '{split.Id}' must give nothing");
            }
        }
    }

    /// <summary>With records at hand, waiting completes, again and again.</summary>
    public async Task CheckWaitAsync()
    {
        ISource<T, TSplit> source = create();
        foreach (TSplit split in await source.DiscoverAllAsync().ConfigureAwait(false))
        {
            if ((await source.ReadSplitAsync(split).ConfigureAwait(false)).Count == 0) continue;
            ISplitReader<T, TSplit> reader = await source.OpenAsync(split, SplitReads.Context(), CancellationToken.None).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                for (int i = 0; i < 3; i++) await InTimeAsync(reader.WaitAsync(CancellationToken.None), "WaitAsync must complete while there is something to read").ConfigureAwait(false);
                List<T> read = [];
                Require([reader.Read(read, 1) == ReadStatus.Empty, read.Count == 1], [false, true], "after WaitAsync a read must bring a record");
            }

            return;
        }
    }

    /// <summary>A reader can be closed at any time.</summary>
    public async Task CheckDisposeAsync()
    {
        ISource<T, TSplit> source = create();
        foreach (TSplit split in await source.DiscoverAllAsync().ConfigureAwait(false))
        {
            ISplitReader<T, TSplit> reader = await source.OpenAsync(split, SplitReads.Context(), CancellationToken.None).ConfigureAwait(false);
            await reader.StepAsync([], 1).ConfigureAwait(false);
            await InTimeAsync(reader.DisposeAsync(), "DisposeAsync must complete in mid-stream").ConfigureAwait(false);
        }
    }

    static async Task InTimeAsync(ValueTask call, string rule)
    {
        try
        {
            await call.AsTask().WaitAsync(SplitReads.Patience, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new ExpectationException($"{typeof(TSplit).Name}: {rule}; it has not for {SplitReads.Patience.TotalSeconds:N0} seconds");
        }
    }

    static void Require<TItem>(IEnumerable<TItem> actual, IEnumerable<TItem> expected, string rule)
    {
        TItem[] actuals = [.. actual];
        TItem[] wanted = [.. expected];
        if (actuals.SequenceEqual(wanted)) return;
        throw new ExpectationException($"{typeof(TSplit).Name}: {rule}."
            + Environment.NewLine + Difference.Describe("", [.. wanted.Select(static e => $"{e}")], [.. actuals.Select(static a => $"{a}")], []));
    }
}
