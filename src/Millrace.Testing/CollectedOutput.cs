namespace Millrace.Testing;

/// <summary>
/// A sink for tests: keeps every record with its timestamp, and checks what came since it was last looked at. Thread-safe; one object
/// collects from all parallel instances.
/// </summary>
/// <typeparam name="T">The record type; compared with its default comparer.</typeparam>
public sealed class CollectedOutput<T> : ISink<T>
{
    readonly Lock _lock = new();   // guards _records and _taken, which every instance's writer reaches
    readonly List<Timestamped<T>> _records = [];
    int _taken;

    /// <summary>All records so far, also those taken already.</summary>
    public IReadOnlyList<Timestamped<T>> All
    {
        get
        {
            lock (_lock) return [.. _records];
        }
    }

    /// <summary>How many records came so far, also those taken already.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _records.Count;
        }
    }

    internal string After { get; set; } = "";

    /// <summary>The records that came since the last look, without their timestamps.</summary>
    public IReadOnlyList<T> Take() => [.. TakeRecords().Select(static r => r.Value)];

    /// <summary>The records that came since the last look.</summary>
    public IReadOnlyList<Timestamped<T>> TakeRecords()
    {
        lock (_lock)
        {
            Timestamped<T>[] records = [.. _records.Skip(_taken)];
            _taken = _records.Count;
            return records;
        }
    }

    /// <summary>Checks that exactly these records came since the last look, in this order, whatever their timestamps.</summary>
    /// <exception cref="ExpectationException">Others did.</exception>
    public CollectedOutput<T> Expect(params T[] expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        IReadOnlyList<Timestamped<T>> actual = TakeRecords();
        if (!expected.SequenceEqual(actual.Select(static r => r.Value)))
            throw Differs([.. expected.Select(static e => $"{e}")], actual, static r => $"{r.Value}");
        return this;
    }

    /// <summary>Checks that exactly these records came since the last look, in any order, whatever their timestamps.</summary>
    /// <exception cref="ExpectationException">Others did.</exception>
    public CollectedOutput<T> ExpectInAnyOrder(params T[] expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        IReadOnlyList<Timestamped<T>> actual = TakeRecords();
        List<T> missing = [.. expected];
        List<Timestamped<T>> extra = [.. actual.Where(r => !missing.Remove(r.Value))];
        if (missing.Count == 0 && extra.Count == 0) return this;
        throw new ExpectationException(Difference.Describe(After, [.. missing.Select(static m => $"missing {m}")], [.. extra.Select(static e => $"unexpected {e}")], Shown(All)));
    }

    /// <summary>Checks that exactly these records came since the last look, in this order, with these timestamps.</summary>
    /// <param name="expected">The timestamps, as <see cref="TestTime.At"/> reads them, and the records.</param>
    /// <exception cref="ExpectationException">Others did.</exception>
    public CollectedOutput<T> ExpectAt(params (string At, T Value)[] expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        Timestamped<T>[] timed = [.. expected.Select(static e => new Timestamped<T>(e.Value, TestTime.At(e.At)))];
        IReadOnlyList<Timestamped<T>> actual = TakeRecords();
        if (!timed.SequenceEqual(actual)) throw Differs(Shown(timed), actual, static r => r.ToString());
        return this;
    }

    /// <summary>Checks that no record came since the last look.</summary>
    /// <exception cref="ExpectationException">One did.</exception>
    public CollectedOutput<T> ExpectNothing() => Expect();

    /// <inheritdoc/>
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(new Writer(this));

    /// <summary>For plans and logs.</summary>
    public override string ToString() => "collected output";

    ExpectationException Differs(IReadOnlyList<string> expected, IReadOnlyList<Timestamped<T>> actual, Func<Timestamped<T>, string> compared)
    {
        // Timestamps that do not matter are left out of the comparison, and shown in the list of all output.
        return new(Difference.Describe(After, expected, [.. actual.Select(compared)], Shown(All)));
    }

    static string[] Shown(IReadOnlyList<Timestamped<T>> records) => [.. records.Select(static r => r.ToString())];

    void Add(ReadOnlySpan<T> values, ReadOnlySpan<Timestamp> timestamps)
    {
        lock (_lock)
        {
            for (int i = 0; i < values.Length; i++) _records.Add(new(values[i], timestamps.IsEmpty ? Timestamp.None : timestamps[i]));
        }
    }

    sealed class Writer(CollectedOutput<T> output) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch)
        {
            output.Add(batch.Values, batch.Timestamps);
            batch.TakeAll();
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
