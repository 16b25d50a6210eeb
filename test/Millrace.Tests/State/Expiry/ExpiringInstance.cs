using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.State.Tables;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.State.Expiry;

/// <summary>One instance of a function that has every kind of state, all with one TTL or with none, and the time it lives in.</summary>
sealed class ExpiringInstance<TOps> where TOps : struct, IKeyOps<int>
{
    readonly TtlTime _time;
    Timestamp _clock = Timestamp.UnixEpoch;

    public ExpiringInstance(StateTtl? ttl, TtlTime time, long now)
    {
        _time = time;
        _clock = new(now);
        State = new(() => _clock);
        Value = State.Value<string?>("value", ttl);
        Box = State.Value<Box>("box", ttl);
        List = State.List<int>("list", ttl);
        Map = State.Map<int, int>("map", ttl);
        Sum = State.Reducing<long>("sum", static (a, b) => a + b, ttl);
        All = State.Aggregating<int, List<int>, string>("all", static () => [], static (all, value) => [.. all, value], static all => string.Join(',', all), ttl);
        State.Close();
        AdvanceTo(now);
    }

    public KeyedStateScope<int, TOps> State { get; }

    public ValueState<string?> Value { get; }

    public ValueState<Box> Box { get; }

    public ListState<int> List { get; }

    public MapState<int, int> Map { get; }

    public ReducingState<long> Sum { get; }

    public AggregatingState<int, string> All { get; }

    public IReadOnlyList<ISnapshotRows> Rows => State.SnapshotRows;

    public void On(int key) => State.Context.Enter(key, default(TOps).Hash(key));

    /// <summary>Passes time on, in the kind it lives in.</summary>
    public void AdvanceTo(long now)
    {
        if (_time == TtlTime.EventTime)
        {
            State.SetWatermark(new(now));
            State.AdvanceTtl(new(now));
        }
        else
        {
            _clock = new(now);
            State.ReadTtlClock();
        }

        State.Attribute(Timestamp.None);
    }

    /// <summary>What a snapshot at this time says of a state that was written with a TTL.</summary>
    public RestoredFrom From(int state, StateSchema written, long cut) => new(
        written, new(cut), _time == TtlTime.EventTime ? new(cut) : Timestamp.None, [new(KeyRange.Full, _time == TtlTime.EventTime ? new(cut) : Timestamp.None)]);

    /// <summary>All that lives, by key and kind. Reads, so it renews where reads do.</summary>
    public List<string> Dump(int keys)
    {
        List<string> lines = [];
        for (int key = 0; key < keys; key++)
        {
            On(key);
            if (Value.TryGet(out string? value)) lines.Add($"value {key} {value ?? "null"}");
            if (Box.TryGet(out Box? box)) lines.Add($"box {key} {box.Number}");
            if (List.Count > 0) lines.Add($"list {key} {string.Join(',', List.ToArray())}");
            if (Map.Count > 0) lines.Add($"map {key} {string.Join(',', Map.ToArray().Select(static e => $"{e.Key}={e.Value}"))}");
            if (Sum.TryGet(out long sum)) lines.Add($"sum {key} {sum}");
            if (All.TryGet(out string? all)) lines.Add($"all {key} {all}");
        }

        return lines;
    }

    /// <summary>Sweeps as long as there is a pass under way.</summary>
    public void SweepAll()
    {
        State.Sweep();
        while (State.NextSweep == Timestamp.MinValue) State.Sweep();
    }

    /// <summary>Takes a snapshot, and goes on meanwhile.</summary>
    public void Take(RunStore[] stores, long id, long confirmed, KeyRange range, bool isFull = false, Action? meanwhile = null)
    {
        foreach (ISnapshotRows rows in Rows) rows.Begin(new(id, confirmed, range, isFull));
        for (int i = 0; i < stores.Length; i++)
        {
            for (int budget = 0; !Rows[i].Capture(ref budget); budget = 500) meanwhile?.Invoke();
            IReadOnlyList<CapturedRun> runs = Rows[i].Take();
            meanwhile?.Invoke();
            stores[i].Add(id, confirmed, runs);
        }
    }
}

/// <summary>A value that user code changes in place.</summary>
public sealed class Box
{
    public long Number { get; set; }
}
