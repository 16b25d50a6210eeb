using System.Collections.Concurrent;

namespace Millrace;

/// <summary>A count that only grows. Thread-safe.</summary>
/// <param name="name">What is counted.</param>
public sealed class Counter(string name)
{
    long _value;

    /// <summary>What is counted, in camel case: <c>malformedRows</c>.</summary>
    public string Name { get; } = name;

    /// <summary>The count.</summary>
    public long Value => Interlocked.Read(ref _value);

    /// <summary>Counts <paramref name="count"/> more; call it per batch, not per record.</summary>
    /// <param name="count">Zero or more.</param>
    public void Add(long count) => Interlocked.Add(ref _value, count);
}

/// <summary>The counters of one operator: the engine's and those its function, source or sink adds. Thread-safe.</summary>
public sealed class OperatorCounters
{
    readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);

    /// <summary>The counter of this name; made on first use.</summary>
    /// <param name="name">Camel case: <c>malformedRows</c>.</param>
    public Counter this[string name] => _counters.GetOrAdd(name, static n => new Counter(n));

    /// <summary>All counters, by name.</summary>
    public IReadOnlyList<Counter> All => [.. _counters.Values.OrderBy(static c => c.Name, StringComparer.Ordinal)];
}
