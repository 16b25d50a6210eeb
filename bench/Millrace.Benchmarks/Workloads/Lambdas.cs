using Millrace.Benchmarks.Data;

namespace Millrace.Benchmarks.Workloads;

/// <summary>
/// The functions a job of events is made of: those that are measured, and other sets for warming up. All are of the same types, so they
/// run through the very same compiled operators, which therefore cannot be compiled for one of them: the runtime guesses the target of a
/// delegate when nearly a third of the calls it saw went there, and no set gets as many.
/// </summary>
sealed record Lambdas(
    Func<KeyedEvent, bool> Keeps, Func<KeyedEvent, long> MapOf, Func<KeyedEvent, long> KeyOf, Func<KeyedEvent, long> ValueOf,
    Func<KeyedEvent, Timestamp> TimeOf, Func<KeyedEvent, KeyedEvent> Change)
{
    public static readonly Lambdas Measured = new(
        static e => (e.Value & 3) != 0, static e => (e.Value * 3) + 1, static e => e.Key, static e => e.Value,
        static e => Timestamp.FromUnixMilliseconds(e.Time), static e => e with { Value = e.Value + 1 });

    public static readonly Lambdas[] OtherSets =
        [Salted<Salt1>(), Salted<Salt2>(), Salted<Salt3>(), Salted<Salt4>(), Salted<Salt5>(), Salted<Salt6>()];

    /// <summary>A run of the job with each of the other sets.</summary>
    public static Func<T, TOut>[] Others<T, TOut>(Func<T, Lambdas, TOut> run) =>
        [.. OtherSets.Select<Lambdas, Func<T, TOut>>(set => passes => run(passes, set))];

    static Lambdas Salted<TSalt>() where TSalt : struct, ISalt => new(
        static e => (e.Value & 7) > TSalt.Value, static e => e.Value - TSalt.Value, static e => e.Key + TSalt.Value,
        static e => e.Value + TSalt.Value, static e => Timestamp.FromUnixMilliseconds(e.Time + TSalt.Value),
        static e => e with { Value = e.Value * TSalt.Value });
}

/// <summary>As <see cref="Lambdas"/>, for words.</summary>
sealed record WordLambdas(Func<WordEvent, string> KeyOf)
{
    public static readonly WordLambdas Measured = new(static e => e.Word);

    public static readonly WordLambdas[] OtherSets =
        [Salted<Salt1>(), Salted<Salt2>(), Salted<Salt3>(), Salted<Salt4>(), Salted<Salt5>(), Salted<Salt6>()];

    /// <summary>A run of the job with each of the other sets.</summary>
    public static Func<T, TOut>[] Others<T, TOut>(Func<T, WordLambdas, TOut> run) =>
        [.. OtherSets.Select<WordLambdas, Func<T, TOut>>(set => passes => run(passes, set))];

    static WordLambdas Salted<TSalt>() where TSalt : struct, ISalt => new(static e => (e.Value & 7) == TSalt.Value ? "salt" : e.Word);
}

/// <summary>A number known to the compiler: methods that use it are compiled once for each, so that their delegates have different targets.</summary>
interface ISalt
{
    static abstract long Value { get; }
}

readonly struct Salt1 : ISalt { public static long Value => 1; }

readonly struct Salt2 : ISalt { public static long Value => 2; }

readonly struct Salt3 : ISalt { public static long Value => 3; }

readonly struct Salt4 : ISalt { public static long Value => 4; }

readonly struct Salt5 : ISalt { public static long Value => 5; }

readonly struct Salt6 : ISalt { public static long Value => 6; }
