using System.Globalization;
using System.Runtime.CompilerServices;

namespace Millrace;

/// <summary>Makes records up: for load tests, demonstrations and simulations.</summary>
public static class GeneratorSource
{
    /// <summary>
    /// Makes <paramref name="count"/> records. What record i is depends on i and the seed alone, not on splits, parallelism or time. One
    /// split, as fast as it can, seed zero, unless told otherwise.
    /// </summary>
    /// <param name="count">Zero or more. Validated when the graph is built.</param>
    /// <param name="make">Makes the record of an index. Pure; shared by all parallel instances.</param>
    /// <exception cref="ArgumentNullException"><paramref name="make"/> is null.</exception>
    public static GeneratorSource<T> Of<T>(long count, Func<GeneratorRecord, T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(make, count);
    }

    /// <summary>As <see cref="Of"/>, for ever.</summary>
    /// <param name="make">Makes the record of an index. Pure; shared by all parallel instances.</param>
    /// <exception cref="ArgumentNullException"><paramref name="make"/> is null.</exception>
    public static GeneratorSource<T> Unbounded<T>(Func<GeneratorRecord, T> make)
    {
        ArgumentNullException.ThrowIfNull(make);
        return new(make, null);
    }
}

/// <summary>A source that makes records up. Made by <see cref="GeneratorSource"/>; immutable.</summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class GeneratorSource<T> : ISource<T, GeneratorSplit>
{
    readonly Func<GeneratorRecord, T> _make;
    readonly long? _count;

    internal GeneratorSource(Func<GeneratorRecord, T> make, long? count)
    {
        _make = make;
        _count = count;
    }

    /// <inheritdoc/>
    public bool IsBounded => _count is not null;

    /// <inheritdoc/>
    public IEnumerable<string> Problems
    {
        get
        {
            if (_count < 0) yield return $"the generator is to make {_count} records; give zero or more";
            if (Splits < 1) yield return $"the generator is to have {Splits} splits; give one or more to InSplits";
            if (Rate is { } rate && !(rate > 0 && double.IsFinite(rate)))
                yield return string.Create(CultureInfo.InvariantCulture, $"the rate is {rate} records a second; give more than zero to WithRate");
        }
    }

    long Seed { get; init; }

    int Splits { get; init; } = 1;

    double? Rate { get; init; }

    /// <summary>The same source with another seed.</summary>
    /// <param name="seed">Any value; the default is zero.</param>
    public GeneratorSource<T> WithSeed(long seed) => new(_make, _count) { Seed = seed, Splits = Splits, Rate = Rate };

    /// <summary>
    /// The same source, made by several readers in parallel. Split k of n makes the records k, k + n, k + 2n and so on, so that all
    /// splits advance together through time; order is kept within a split only.
    /// </summary>
    /// <param name="splits">One or more; the default is one. Validated when the graph is built. Must stay the same over restarts.</param>
    public GeneratorSource<T> InSplits(int splits) => new(_make, _count) { Seed = Seed, Splits = splits, Rate = Rate };

    /// <summary>
    /// The same source at a steady rate over all splits together: record i is due i / rate seconds after the start, by the clock of the
    /// job. A reader that fell behind makes all records due at once, so the rate never drifts.
    /// </summary>
    /// <param name="recordsPerSecond">More than zero. Validated when the graph is built. Without it records are made as fast as they are taken.</param>
    public GeneratorSource<T> WithRate(double recordsPerSecond) =>
        new(_make, _count) { Seed = Seed, Splits = Splits, Rate = recordsPerSecond };

    /// <inheritdoc/>
    public async IAsyncEnumerable<GeneratorSplit> DiscoverAsync(
        SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask.ConfigureAwait(false);
        for (int part = 0; part < Splits; part++) yield return new GeneratorSplit(part, Splits, part);
    }

    /// <inheritdoc/>
    public ValueTask<ISplitReader<T, GeneratorSplit>> OpenAsync(
        GeneratorSplit split, FunctionContext context, CancellationToken cancellationToken) =>
        new(new GeneratorReader<T>(_make, Seed, split, _count ?? long.MaxValue, Rate, context.Time));

    /// <summary>For plans and logs.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{(_count is { } count ? $"{count:N0} " : "endless ")}made-up {typeof(T).Name}{(Rate is { } rate ? $" at {rate:N0}/s" : "")}");
}

/// <summary>A share of the records of a generator.</summary>
/// <param name="Part">Which share, from zero.</param>
/// <param name="Parts">How many shares there are.</param>
/// <param name="Next">The index of the next record to make.</param>
public sealed record GeneratorSplit(int Part, int Parts, long Next) : ISplit
{
    /// <inheritdoc/>
    public string Id => Part.ToString(CultureInfo.InvariantCulture);
}
