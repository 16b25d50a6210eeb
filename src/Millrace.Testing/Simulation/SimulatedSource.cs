using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Millrace.Testing.Simulation;

/// <summary>A split of a <see cref="SimulatedSource{T}"/>.</summary>
/// <param name="Number">Which.</param>
/// <param name="Next">The next record to read, counted from zero.</param>
public sealed record SimulatedSplit(int Number, int Next) : ISplit
{
    /// <inheritdoc/>
    public string Id => Number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>
/// Records known beforehand, in splits that are read side by side; replayable. Records come in portions of chance, with pauses between them, by
/// the clock of the process. Used by the thread of the world.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="process">The process that reads.</param>
/// <param name="splits">The records of each split.</param>
public sealed class SimulatedSource<T>(SimulatedProcess process, ImmutableArray<ImmutableArray<T>> splits) : ISource<T, SimulatedSplit>
{
    /// <value>Whether the last record of each split is held back for now, so that the job does not end.</value>
    internal Func<bool> IsHeld { get; init; } = static () => false;

    /// <value>Not bounded, so that a reader reads all its splits at once and event time gets on from the start.</value>
    public bool IsBounded => false;

    /// <value>
    /// Of a thousand pauses of a split, how many are long: a tenth of a second to a second, while others go on, so that event time waits for it or, by
    /// <see cref="WatermarkStrategy{T}.WithIdleness"/>, goes on without it. 0 to 1,000; the default is 0.
    /// </value>
    public int RestsPerThousand { get; init; }

    /// <value>
    /// The longest pause of a split between two portions, a millisecond or more, in whole milliseconds; the default is 12 ms. It takes a job some 300 ms to start, so that with
    /// short pauses little goes wrong while records are read, and with long ones nearly everything does.
    /// </value>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMilliseconds(12);

    /// <inheritdoc/>
    public async IAsyncEnumerable<SimulatedSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        for (int split = 0; split < splits.Length; split++) yield return new(split, 0);
    }

    /// <inheritdoc/>
    public ValueTask<ISplitReader<T, SimulatedSplit>> OpenAsync(SimulatedSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(split);
        return new(new Reader(process, split, splits[split.Number], RestsPerThousand, (int)PauseMax.TotalMilliseconds, IsHeld));
    }

    sealed class Reader(SimulatedProcess process, SimulatedSplit split, ImmutableArray<T> records, int restsPerThousand, int pauseMaxMs, Func<bool> isHeld) : ISplitReader<T, SimulatedSplit>
    {
        const int PortionMax = 24, RestMs = 100, RestMaxMs = 1_000;

        int _next = split.Next;
        int _portion;

        public SimulatedSplit Position => split with { Next = _next };

        public ReadStatus TryRead(ref BatchWriter<T> batch)
        {
            int end = records.Length - (isHeld() ? 1 : 0);
            for (; _portion > 0 && _next < end && batch.HasRoom; _portion--) batch.Add(records[_next++]);
            return _next == records.Length ? ReadStatus.Finished : _portion > 0 && _next < end ? ReadStatus.More : ReadStatus.Empty;
        }

        public async ValueTask WaitAsync(CancellationToken cancellationToken)
        {
            bool isLong = restsPerThousand > 0 && process.Chance.InThousand(restsPerThousand);
            await Task.Delay(TimeSpan.FromMilliseconds(isLong ? process.Chance.Between(RestMs, RestMaxMs) : process.Chance.Between(1, pauseMaxMs)), process.Time, cancellationToken).ConfigureAwait(false);
            _portion = process.Chance.Between(1, PortionMax);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
