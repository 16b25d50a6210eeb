using Millrace.Benchmarks.Data;
using Millrace.Runtime;
using Millrace.State;
using Millrace.State.Snapshots;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>How long each step of one round took, in the order in which they were done.</summary>
sealed class StepLog
{
    const int ControlRounds = 300_000;     // About as long as a step of a capture.

    int _seen;

    /// <summary>Barriers.</summary>
    public Steps Stalls { get; } = new();

    /// <summary>Batches of records while nothing is captured.</summary>
    public Steps PlainBatches { get; } = new();

    /// <summary>Steps between those of a capture that only calculate: what is long among them the machine held up.</summary>
    public Steps Controls { get; } = new();

    /// <summary>What the controls came to, for it not to be optimized away.</summary>
    public ulong Control { get; private set; }

    /// <summary>The steps while a capture is open, by what is done.</summary>
    public SortedDictionary<string, Steps> Captured { get; } = new(StringComparer.Ordinal) { ["batch"] = new(), ["copy"] = new(), ["grow"] = new() };

    /// <summary>How many segments were split.</summary>
    public long Splits { get; private set; }

    /// <summary>Collections of garbage.</summary>
    public int Collections { get; private set; }

    /// <summary>The longest time that one of them stopped all threads, in milliseconds.</summary>
    public double LongestPause { get; private set; }

    public void Begin() => _seen = GC.CollectionCount(0);

    public void End(long splits) => Splits = splits;

    public void Plain(LargeState state, ref SeededRandom random, long keys)
    {
        Lap lap = Lap.Begin();
        state.Update(ref random, keys);
        PlainBatches.Add(lap);
        NoteCollection();
    }

    public void Batch(LargeState state, ref SeededRandom random, long keys)
    {
        Lap lap = Lap.Begin();
        state.Update(ref random, keys);
        Captured["batch"].Add(lap);
    }

    public void Grow(LargeState state, long keys, int count)
    {
        Lap lap = Lap.Begin();
        for (long key = keys; key < keys + count; key++) state.Table.GetOrAdd(KeyHash.Of(key), key, out _) = (UInt128)key;
        Captured["grow"].Add(lap);
    }

    public void Calculate()
    {
        Lap lap = Lap.Begin();
        ulong control = Control;
        for (int i = 0; i < ControlRounds; i++) control = (control * 6364136223846793005) + 1442695040888963407;
        Control = control;
        Controls.Add(lap);
    }

    public bool Copy(LargeState state)
    {
        Lap lap = Lap.Begin();
        int slots = Limits.CopySlots;
        bool isCaptured = state.Rows.Capture(ref slots);
        Captured["copy"].Add(lap);
        NoteCollection();
        return isCaptured;
    }

    /// <summary>A collection can come in any step, so it is looked at by itself: which step it stops is chance, that there is one is not.</summary>
    void NoteCollection()
    {
        if (GC.CollectionCount(0) == _seen) return;
        Collections += GC.CollectionCount(0) - _seen;
        _seen = GC.CollectionCount(0);
        foreach (TimeSpan pause in GC.GetGCMemoryInfo(GCKind.Any).PauseDurations) LongestPause = Math.Max(LongestPause, pause.TotalMilliseconds);
    }

    public void Barrier(LargeState state, RowsCut cut)
    {
        Lap lap = Lap.Begin();
        state.Rows.Begin(cut);
        Stalls.Add(lap);
    }
}

/// <summary>Steps of one kind, in milliseconds.</summary>
sealed class Steps
{
    readonly List<float> _passed = [], _onCore = [];
    readonly List<int> _preemptions = [];

    public int Count => _passed.Count;

    /// <summary>The time of all of them.</summary>
    public double TotalSeconds => _passed.Sum(static p => (double)p) / 1e3;

    /// <summary>The time each took.</summary>
    public IReadOnlyList<float> Passed => _passed;

    /// <summary>The time on a core each took.</summary>
    public IReadOnlyList<float> OnCore => _onCore;

    /// <summary>How often the core was taken away in each.</summary>
    public IReadOnlyList<int> Preemptions => _preemptions;

    public void Add(Lap lap)
    {
        (double passed, double onCore, long preemptions) = lap.End();
        _passed.Add((float)passed);
        _onCore.Add((float)onCore);
        _preemptions.Add((int)preemptions);
    }
}

/// <summary>Passed time, time on a core, and how often the core was taken away.</summary>
readonly struct Lap
{
    readonly long _begun, _preemptions;
    readonly double _onCore;

    Lap(long begun, double onCore, long preemptions) => (_begun, _onCore, _preemptions) = (begun, onCore, preemptions);

    public static Lap Begin()
    {
        // What is read last is nearest to the step.
        long preemptions = ThreadClock.Preemptions;
        double onCore = ThreadClock.Milliseconds;
        return new(TimeProvider.System.GetTimestamp(), onCore, preemptions);
    }

    public (double Passed, double OnCore, long Preemptions) End()
    {
        double passed = TimeProvider.System.GetElapsedTime(_begun).TotalMilliseconds, onCore = ThreadClock.Milliseconds - _onCore;
        return (passed, onCore, ThreadClock.Preemptions - _preemptions);
    }
}
