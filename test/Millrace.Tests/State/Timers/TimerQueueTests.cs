using FsCheck;
using FsCheck.Fluent;
using Millrace.State;
using Millrace.State.Timers;
using Millrace.Tests.State.Tables;

namespace Millrace.Tests.State.Timers;

/// <summary>Timers against a plain list of deadlines, and the size of the heap behind them.</summary>
public sealed class TimerQueueTests
{
    static readonly Config s_config = Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(600);

    readonly KeyedScope<int, Int32KeyOps> _scope = new();

    [Fact]
    public void Queue_AnyCommands_FiresInOrderOfDeadlineThenSetting() =>
        Check.One(s_config, Prop.ForAll(ArbMap.Default.ArbFor<int[]>(), numbers => RunModel(numbers, rebuilds: false) && RunModel(numbers, rebuilds: true)));

    [Fact]
    public void Queue_TimerMovedOnEveryRecord_HoldsOneEntryPerKey()
    {
        EventTimer timer = _scope.State.EventTimer("t");
        for (int round = 0; round < 100; round++)
        {
            for (int key = 0; key < 1_000; key++)
            {
                _scope.On(key);
                timer.Set(new((round * 10) + (key % 7)));
            }
        }

        Assert.Equal((1_000, 1_000), (_scope.State.EventTimers.Count, _scope.State.EventTimers.EntryCount));
        Assert.Equal(Enumerable.Range(0, 7).Select(r => 990L + r), Take(Timestamp.MaxValue).Select(t => t.Deadline).Distinct());
    }

    [Fact]
    public void Queue_AnyMoves_StaysInProportionToWhatIsSet() => Check.One(s_config.WithMaxTest(20), Prop.ForAll<int>(seed =>
    {
        KeyedScope<int, Int32KeyOps> scope = new();
        EventTimer one = scope.State.EventTimer("one");
        EventTimerSet many = scope.State.EventTimerSet("many");
        Random random = new(seed);
        int mostSet = 0;
        for (int step = 0; step < 20_000; step++)
        {
            scope.On(random.Next(200));
            Timestamp deadline = new(step + random.Next(5_000));
            switch (random.Next(8))
            {
                case < 3: one.Set(deadline); break;
                // Later than all others, then earlier: the worst for a heap with entries that no longer count.
                case 3: one.Set(new(1_000_000 - step)); break;
                case 4: one.Cancel(); break;
                case 5: many.Add(deadline); many.Remove(deadline); break;
                case 6: many.Add(new(step / 100)); break;
                default: many.Remove(new(random.Next(200))); break;
            }

            TimerQueue<int> queue = scope.State.EventTimers;
            mostSet = Math.Max(mostSet, queue.Count);
            Assert.True(queue.EntryCount <= (3 * mostSet) + 64, $"{queue.EntryCount} entries for {mostSet} timers");
            Assert.True(queue.Timers[0].Count + queue.Timers[1].Count == queue.Count);
        }

        return true;
    }));

    [Fact]
    public void Queue_AllCancelled_IsEmpty()
    {
        EventTimer timer = _scope.State.EventTimer("t");
        for (int key = 0; key < 10_000; key++)
        {
            _scope.On(key);
            timer.Set(new(key));
        }

        for (int key = 0; key < 10_000; key++)
        {
            _scope.On(key);
            timer.Cancel();
        }

        Assert.Equal((0, 0, Timestamp.MaxValue), (_scope.State.EventTimers.Count, _scope.State.EventTimers.EntryCount, _scope.State.EventTimers.Next));
    }

    [Fact]
    public void Rows_OfAnyTimers_TellKeyAndDeadline()
    {
        EventTimer one = _scope.State.EventTimer("one");
        EventTimerSet many = _scope.State.EventTimerSet("many");
        _scope.On(4);
        one.Set(new(9));
        one.Set(new(11));
        many.Add(new(5));
        many.Add(new(6));
        uint hash = KeyHash.Of(4);
        Assert.Equal([(hash, 4, new Timestamp(11), 2L)], _scope.State.EventTimers.Timers[0].Rows());
        Assert.Equal([(hash, 4, new Timestamp(5), 3L), (hash, 4, new Timestamp(6), 4L)], _scope.State.EventTimers.Timers[1].Rows().OrderBy(r => r.Deadline));
    }

    [Fact]
    public void Set_None_IsRefused()
    {
        _scope.On(1);
        Assert.Contains("'t' is set to Timestamp.None", Assert.Throws<ArgumentOutOfRangeException>(() => _scope.State.EventTimer("t").Set(Timestamp.None)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => _scope.State.ProcessingTimer("p").Set(Timestamp.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => _scope.State.EventTimerSet("s").Add(Timestamp.None));
        Assert.Throws<ArgumentOutOfRangeException>(() => _scope.State.ProcessingTimerSet("ps").Add(Timestamp.None));
        Assert.Equal(0, _scope.State.EventTimers.Count + _scope.State.ProcessingTimers.Count);
    }

    bool RunModel(int[] numbers, bool rebuilds)
    {
        KeyedScope<int, Int32KeyOps> scope = new();
        EventTimer[] singles = [scope.State.EventTimer("a"), scope.State.EventTimer("b")];
        EventTimerSet set = scope.State.EventTimerSet("c");
        List<(string Name, int Key, long Deadline)> model = [];     // in order of setting
        int limit = 0;
        foreach ((int key, int verb, int value) in Commands.Read(numbers, keys: 6, verbs: 12))
        {
            scope.On(key);
            int deadline = limit + (value % 40) - 5;
            EventTimer single = singles[value % 2];
            bool has = single.TryGet(out Timestamp at);
            Assert.Equal(model.FirstOrDefault(t => t.Name == single.Name && t.Key == key, ("", 0, -999)).Deadline, has ? at.Ticks : -999);
            switch (verb)
            {
                case < 4:
                    single.Set(new(deadline));
                    if (has && at.Ticks == deadline) break;
                    model.RemoveAll(t => t.Name == single.Name && t.Key == key);
                    model.Add((single.Name, key, deadline));
                    break;
                case < 6:
                    single.Cancel();
                    model.RemoveAll(t => t.Name == single.Name && t.Key == key);
                    break;
                case < 9:
                    set.Add(new(deadline));
                    if (!model.Contains(("c", key, deadline))) model.Add(("c", key, deadline));
                    break;
                case < 11:
                    Assert.Equal(model.Remove(("c", key, deadline)), set.Remove(new(deadline)));
                    break;
                default:
                    limit += value % 10;
                    if (rebuilds) scope.State.EventTimers.Rebuild();
                    Assert.True(model.Where(t => t.Deadline <= limit).OrderBy(t => t.Deadline).SequenceEqual(Take(scope.State.EventTimers, new(limit))));
                    model.RemoveAll(t => t.Deadline <= limit);
                    break;
            }

            Assert.Equal(model.Count, scope.State.EventTimers.Count);
        }

        Assert.Equal(model.OrderBy(t => t.Deadline), Take(scope.State.EventTimers, Timestamp.MaxValue));
        return true;
    }

    List<(string Name, int Key, long Deadline)> Take(Timestamp limit) => Take(_scope.State.EventTimers, limit);

    static List<(string Name, int Key, long Deadline)> Take(TimerQueue<int> queue, Timestamp limit)
    {
        List<(string, int, long)> taken = [];
        while (queue.IsDue(limit))
        {
            if (queue.TryTake(out TimerEntry<int> due)) taken.Add((queue.HandleOf(due).Name, due.Key, due.Deadline.Ticks));
        }

        return taken;
    }
}
