using System.Diagnostics.CodeAnalysis;

namespace Millrace.Engine;

/// <summary>A function with state and timers per key.</summary>
/// <param name="keyOf">Reads the key.</param>
/// <param name="factory">Makes the function of one parallel instance, and once more while planning.</param>
[Experimental(Experiments.Engine)]
public sealed class KeyedProcessSpec<TKey, TIn, TOut>(Func<TIn, TKey> keyOf, Func<StateScope, IKeyedProcess<TKey, TIn, TOut>> factory) : OperatorSpec
{
    /// <summary>Reads the key.</summary>
    public Func<TIn, TKey> KeyOf => keyOf;

    /// <summary>Makes the function of one parallel instance, and once more while planning.</summary>
    public Func<StateScope, IKeyedProcess<TKey, TIn, TOut>> Factory => factory;

    /// <inheritdoc/>
    public override string Verb => "Process";

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A fold over one value of state per key.</summary>
/// <param name="verb">The verb of the API.</param>
/// <param name="keyOf">Reads the key.</param>
/// <param name="fold">The fold; copied, one per parallel instance.</param>
[Experimental(Experiments.Engine)]
public sealed class FoldSpec<TKey, TState, TIn, TOut, TFold>(string verb, Func<TIn, TKey> keyOf, TFold fold) : OperatorSpec
    where TFold : struct, IFold<TKey, TState, TIn, TOut>
{
    /// <summary>Reads the key.</summary>
    public Func<TIn, TKey> KeyOf => keyOf;

    /// <summary>The fold.</summary>
    public TFold Fold => fold;

    /// <inheritdoc/>
    public override string Verb => verb;

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

/// <summary>A windowed aggregate.</summary>
/// <param name="verb">The verb of the API.</param>
/// <param name="keyOf">Reads the key.</param>
/// <param name="windows">The windows.</param>
/// <param name="allowedLateness">How long a window is kept after it has fired.</param>
/// <param name="latePort">Where late records go; null when they are dropped and counted.</param>
/// <param name="aggregate">Makes the aggregate of one parallel instance.</param>
[Experimental(Experiments.Engine)]
public sealed class WindowSpec<TKey, TIn, TAccumulator, TOut, TAggregate>(
    string verb, Func<TIn, TKey> keyOf, WindowAssigner windows, TimeSpan allowedLateness, GraphPort<TIn>? latePort, Func<TAggregate> aggregate)
    : OperatorSpec
    where TAggregate : struct, IAggregate<TKey, TIn, TAccumulator, TOut>
{
    /// <summary>Reads the key.</summary>
    public Func<TIn, TKey> KeyOf => keyOf;

    /// <summary>The windows.</summary>
    public WindowAssigner Windows => windows;

    /// <summary>How long a window is kept after it has fired.</summary>
    public TimeSpan AllowedLateness => allowedLateness;

    /// <summary>Where late records go; null when they are dropped and counted.</summary>
    public GraphPort<TIn>? LatePort => latePort;

    /// <summary>Makes the aggregate of one parallel instance.</summary>
    public Func<TAggregate> Aggregate => aggregate;

    /// <inheritdoc/>
    public override string Verb => verb;

    /// <inheritdoc/>
    public override bool NeedsId => true;

    /// <inheritdoc/>
    public override bool NeedsEventTime => !windows.IsProcessingTime;

    /// <inheritdoc/>
    public override bool? GivesEventTime => !windows.IsProcessingTime;

    /// <inheritdoc/>
    public override string? Detail => windows + (allowedLateness > TimeSpan.Zero ? $", lateness {allowedLateness:g}" : "");

    /// <inheritdoc/>
    public override IEnumerable<string> Problems => WindowProblems.Of(windows, allowedLateness);

    /// <inheritdoc/>
    public override TResult Accept<TResult>(IOperatorSpecVisitor<TResult> visitor) => visitor.Visit(this);
}

static class WindowProblems
{
    public static IEnumerable<string> Of(WindowAssigner windows, TimeSpan allowedLateness)
    {
        if (windows.Size <= TimeSpan.Zero)
            yield return $"the window size is {windows.Size:c}; give more than zero";
        if (windows.Slide <= TimeSpan.Zero && windows.Slide != windows.Size)
            yield return $"the window slide is {windows.Slide:c}; give more than zero";
        if (windows.Slide > TimeSpan.Zero && windows.Offset.Duration() >= windows.Slide)
            yield return $"the window offset {windows.Offset:c} is not smaller than the slide {windows.Slide:c}; give one that is";
        if (windows.Slide > TimeSpan.Zero && windows.Size.Ticks / windows.Slide.Ticks > MaxWindowsPerRecord)
            yield return $"a record would fall in {windows.Size.Ticks / windows.Slide.Ticks:N0} windows; the limit is {MaxWindowsPerRecord:N0}, so make the slide larger";
        if (allowedLateness < TimeSpan.Zero)
            yield return $"the allowed lateness is {allowedLateness:c}; give zero or more";
        if (allowedLateness > TimeSpan.Zero && windows.IsProcessingTime)
            yield return "lateness has no meaning in processing time; remove AllowLateness or use event time";
    }

    // The bound Flink has for sliding windows (reference: SlidingEventTimeWindows).
    const long MaxWindowsPerRecord = 10_000_000;
}
