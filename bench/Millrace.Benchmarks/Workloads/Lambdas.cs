using Millrace.Benchmarks.Data;

namespace Millrace.Benchmarks.Workloads;

/// <summary>
/// The functions a job of events is made of: those that are measured, and two other sets for warming up. All are of the same types, so
/// they run through the very same compiled operators, which therefore cannot be compiled for one of them.
/// </summary>
sealed record Lambdas(
    Func<KeyedEvent, bool> Keeps, Func<KeyedEvent, long> MapOf, Func<KeyedEvent, long> KeyOf, Func<KeyedEvent, long> ValueOf,
    Func<KeyedEvent, Timestamp> TimeOf, Func<KeyedEvent, KeyedEvent> Change)
{
    public static readonly Lambdas Measured = new(
        static e => (e.Value & 3) != 0, static e => (e.Value * 3) + 1, static e => e.Key, static e => e.Value,
        static e => Timestamp.FromUnixMilliseconds(e.Time), static e => e with { Value = e.Value + 1 });

    static readonly Lambdas Second = new(
        static e => e.Value > 300, static e => e.Value - e.Key, static e => e.Key + 1, static e => e.Value + e.Key,
        static e => Timestamp.FromUnixMilliseconds(e.Time + 1), static e => e with { Value = e.Key });

    static readonly Lambdas Third = new(
        static e => (e.Key & 1) == 0, static e => e.Value ^ e.Key, static e => e.Key ^ 1, static e => e.Value * 2,
        static e => new Timestamp(e.Time * TimeSpan.TicksPerMillisecond), static e => new(e.Key, -e.Value, e.Time));

    public static readonly Lambdas[] OtherSets = [Second, Third];

    /// <summary>A run of the job with each of the other sets.</summary>
    public static Func<T, TOut>[] Others<T, TOut>(Func<T, Lambdas, TOut> run) =>
        [.. OtherSets.Select<Lambdas, Func<T, TOut>>(set => passes => run(passes, set))];
}

/// <summary>As <see cref="Lambdas"/>, for words.</summary>
sealed record WordLambdas(Func<WordEvent, string> KeyOf)
{
    public static readonly WordLambdas Measured = new(static e => e.Word);

    static readonly WordLambdas Second = new(static e => e.Time % 2 == 0 ? e.Word : "even");
    static readonly WordLambdas Third = new(static e => e.Value < 500 ? e.Word : "large");

    public static readonly WordLambdas[] OtherSets = [Second, Third];

    /// <summary>A run of the job with each of the other sets.</summary>
    public static Func<T, TOut>[] Others<T, TOut>(Func<T, WordLambdas, TOut> run) =>
        [.. OtherSets.Select<WordLambdas, Func<T, TOut>>(set => passes => run(passes, set))];
}
