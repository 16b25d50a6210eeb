using Millrace.Engine;
using Millrace.Runtime.Exchange;
using Millrace.State.Snapshots;
using Millrace.State.Tables;

namespace Millrace.Runtime.Operators;

/// <summary>
/// One parallel instance of one operator: a plain object with no threads and no I/O, called by its task alone. It may stop at any seam
/// between two user calls and is called again to go on, so nothing it does is unbounded.
/// </summary>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public interface IOperator<TIn, TOut>
{
    /// <summary>Handles records from <paramref name="position"/> on; returns when the batch is used up or the output has no room.</summary>
    /// <param name="input">Borrowed.</param>
    /// <param name="position">The record being handled: moved past a record only once all it caused was emitted.</param>
    /// <param name="output">Borrowed; has room on entry.</param>
    void Process(Batch<TIn> input, ref int position, OutputBuffer<TOut> output);

    /// <summary>Event time has advanced. Called again with the same watermark until it returns true.</summary>
    /// <param name="watermark">Above all earlier ones; <see cref="Timestamp.MaxValue"/> at the end of input.</param>
    /// <param name="output">Borrowed; has room on entry.</param>
    /// <returns>Whether all it caused was emitted.</returns>
    bool OnWatermark(Timestamp watermark, OutputBuffer<TOut> output) => true;

    /// <summary>The input has ended, after the last watermark. Called again until it returns true.</summary>
    /// <param name="output">Borrowed; has room on entry.</param>
    /// <returns>Whether all it caused was emitted.</returns>
    bool OnEnd(OutputBuffer<TOut> output) => true;

    /// <summary>When the clock must next be looked at; <see cref="Timestamp.MaxValue"/> for never.</summary>
    Timestamp NextProcessingTime => Timestamp.MaxValue;

    /// <summary>The clock has passed <see cref="NextProcessingTime"/>. Called again until it returns true.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="output">Borrowed; has room on entry.</param>
    /// <returns>Whether all it caused was emitted.</returns>
    bool OnProcessingTime(Timestamp now, OutputBuffer<TOut> output) => true;

    /// <summary>Its lists that are not keyed; null when it can have none.</summary>
    OperatorLists? Lists => null;

    /// <summary>Its keyed states as snapshots see them. The same objects at every call.</summary>
    IReadOnlyList<ISnapshotRows> SnapshotRows => [];

    /// <summary>
    /// How far time has come, where it is the operator's own and not the watermark of its input; none otherwise. Snapshots have it in place of
    /// the watermark, and <see cref="OnRestored"/> is given it back.
    /// </summary>
    Timestamp OwnTime => Timestamp.None;

    /// <summary>Whether it has a time of its own, even if that has not begun.</summary>
    bool HasOwnTime => false;

    /// <summary>Its states were restored, before the first record: takes up where it left off.</summary>
    /// <param name="watermark">Where event time stood, or <see cref="OwnTime"/>; none where there was none.</param>
    /// <param name="ahead">
    /// Slices of its keys that belonged to instances which were further: a barrier that overtakes records cuts instances at different times.
    /// </param>
    void OnRestored(Timestamp watermark, IReadOnlyList<RangeWatermark> ahead)
    {
    }

    /// <summary>What is left of the slices that were further when the operator was restored: those that are so still. Snapshots have them.</summary>
    IReadOnlyList<RangeWatermark> Ahead => [];

    /// <summary>The user's function object, opened and disposed by the task; null when there is none.</summary>
    object? Function => null;

    /// <summary>What it counts besides records, by the name shown in metrics.</summary>
    IEnumerable<(string Name, long Count)> Counts => [];
}
