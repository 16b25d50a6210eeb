using FsCheck;
using FsCheck.Fluent;
using Millrace.Engine;
using Millrace.Runtime.Operators;

namespace Millrace.Tests.Runtime.Operators;

/// <summary>The operator against a model that keeps the records of every window apart.</summary>
public sealed class WindowModelTests
{
    /// <summary>A record, or a watermark where the key is negative.</summary>
    public readonly record struct Step(int Key, long Ticks);

    public sealed record Case(long Size, long Slide, long Offset, long Lateness, int Room, bool IsRestored, Step[] Steps)
    {
        public WindowAssigner Windows => Sliding.Of(new(Size), new(Slide)).WithOffset(new(Offset));

        public override string ToString() => $"{Windows} lateness {Lateness} room {Room}{(IsRestored ? " restored" : "")}: {string.Join(" ", Steps.Select(s => s.Key < 0 ? $"W{s.Ticks}" : $"{s.Key}@{s.Ticks}"))}";
    }

    readonly record struct Result(int Key, Timestamp Start, Timestamp End, string Value, Timestamp Timestamp);

    // Out of order around a moving front, with stretches of silence; watermarks now and then, mostly a little behind.
    static readonly Gen<Case> s_cases =
        from slide in Gen.Choose(1, 12)
        from size in Gen.OneOf(Gen.Constant(slide), Gen.Choose(1, 30), Gen.Choose(1, 25).Select(n => n * slide), Gen.Choose(60, 150))
        from offset in Gen.Choose(1 - slide, slide - 1)
        from lateness in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 80))
        from room in Gen.Elements(1, 2, 3, 1_000)
        from isRestored in Gen.Elements(false, true)
        from start in Gen.Choose(-300, 300)
        from keys in Gen.Elements(1, 3, 40)
        from disorder in Gen.Elements(0, 5, 40)
        from steps in Gen.Sized(n => Gen.ListOf(
            Gen.Frequency(
                (12, from key in Gen.Choose(0, keys - 1) from move in Gen.Choose(0, 3) from back in Gen.Choose(0, disorder) select (key, move, back)),
                (2, from move in Gen.Choose(0, 20) from back in Gen.Choose(0, disorder) select (-1, move, back)),
                (1, from move in Gen.Choose(0, 300) select (-1, move, 0))), n * 3))
        select new Case(size, slide, offset, lateness, room, isRestored, Follow(start, steps));

    static Step[] Follow(long front, IEnumerable<(int Key, int Move, int Back)> steps) =>
        [.. steps.Select(s => new Step(s.Key, (front += s.Move) - s.Back))];

    static void Check(Func<Case, bool> holds, int count = 600) =>
        Prop.ForAll(Arb.From(s_cases, Shrink), holds).Check(Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(100));

    static IEnumerable<Case> Shrink(Case failed)
    {
        for (int part = failed.Steps.Length / 2; part > 0; part /= 2)
        {
            for (int at = 0; at < failed.Steps.Length; at += part)
                yield return failed with { Steps = [.. failed.Steps.Take(at), .. failed.Steps.Skip(at + part)] };
        }

        if (failed.Lateness > 0) yield return failed with { Lateness = 0 };
        if (failed.Offset != 0) yield return failed with { Offset = 0 };
        if (failed.Room != 1_000) yield return failed with { Room = 1_000 };
    }

    [Fact]
    public void Concatenation_OfAnyStream_AgreesWithTheModel() => Check(static c => Run<string, DelegateAggregate<int, (int, int), string, (int, TimeWindow, string)>>(c, new(
        static () => "", static (ref s, in r) => s += r.Value.Item2 + ",", static (a, b) => a + b, static w => (w.Key, w.Window, w.Value))));

    [Fact]
    public void MutableLists_OfAnyStream_AgreeWithTheModel() => Check(static c => Run<List<int>, DelegateAggregate<int, (int, int), List<int>, (int, TimeWindow, string)>>(c, new(
        static () => [], static (ref s, in r) => s.Add(r.Value.Item2), static (a, b) => a.Count == 0 ? b : [.. a, .. b],
        static w => (w.Key, w.Window, string.Concat(w.Value.Select(static v => v + ","))))));

    [Fact]
    public void AllRecords_OfAnyStream_AgreeWithTheModel() =>
        Check(static c => Run<RecordList<(int, int)>, ProcessAggregate<int, (int, int), (int, TimeWindow, string)>>(c, new(new Joined())), 300);

    // The merged accumulator is one of the panes' own, and changes when a record is added to that pane.
    [Fact]
    public void MergeReturningItsArgument_OfAnyStream_AgreesWithTheModel() => Check(static c => Run<List<int>, DelegateAggregate<int, (int, int), List<int>, (int, TimeWindow, string)>>(c, new(
        static () => [], static (ref s, in r) => s.Add(r.Value.Item2), static (a, b) => b,
        static w => (w.Key, w.Window, string.Concat(w.Value.Select(static v => v + ",")))), static (c, value) => OfLastSlice(c, value)), 300);

    [Fact]
    public void Reduction_OfAnyStream_AgreesWithTheModel() => Check(static c => Run<string, LastAggregate>(c, default), 300);

    sealed class Joined : IWindowProcess<int, (int, int), (int, TimeWindow, string)>
    {
        public void OnWindow(in WindowContent<int, (int, int)> content, Output<(int, TimeWindow, string)> output)
        {
            string all = "";
            foreach ((int, int) record in content.Records) all += record.Item2 + ",";
            output.Emit((content.Key, content.Window, all));
        }
    }

    /// <summary>Like a reduction it has no seed that could be merged: an accumulator no record was added to must not show up anywhere.</summary>
    readonly struct LastAggregate : IAggregate<int, (int, int), string, (int, TimeWindow, string)>
    {
        public string Seed() => null!;

        public void Add(bool isNew, ref string accumulator, in Record<(int, int)> record) =>
            accumulator = isNew == accumulator is null ? accumulator + record.Value.Item2 + "," : throw new InvalidOperationException();

        public string Merge(string left, string right) => left.Length > 0 && right.Length > 0 ? left + right : throw new InvalidOperationException();

        public void Emit(int key, TimeWindow window, string accumulator, Output<(int, TimeWindow, string)> output) => output.Emit((key, window, accumulator));
    }

    static bool Run<TAccumulator, TAggregate>(Case c, TAggregate aggregate, Func<Case, string, string>? expect = null)
        where TAggregate : struct, IAggregate<int, (int, int), TAccumulator, (int, TimeWindow, string)>
    {
        WindowRestarts<TAccumulator, TAggregate> restarts = new(() => new(static r => r.Item1, c.Windows, new(c.Lateness), aggregate, TimeProvider.System), c.Room, c.IsRestored);
        WindowDriver<(int, int), (int Key, TimeWindow Window, string Value)> driver = restarts.Driver;
        List<((int, int), Timestamp)> open = [];
        for (int i = 0; i < c.Steps.Length; i++)
        {
            if (c.Steps[i].Key >= 0)
            {
                open.Add(((c.Steps[i].Key, i), new(c.Steps[i].Ticks)));
                continue;
            }

            driver.FeedAt([.. open]);
            open.Clear();
            restarts.Boundary();
            driver.WatermarkAt(new(c.Steps[i].Ticks));
            restarts.Watermark = new(Math.Max(restarts.Watermark.Ticks, c.Steps[i].Ticks));
            restarts.Boundary();
        }

        driver.FeedAt([.. open]);
        driver.End();

        WindowModel model = new(c);
        model.Run();
        IEnumerable<Result> expected = model.Results.Select(r => expect is null ? r : r with { Value = expect(c, r.Value) });
        IEnumerable<Result> results = driver.Results.Select(r => new Result(r.Value.Key, r.Value.Window.Start, r.Value.Window.End, Sorted(r.Value.Value), r.Timestamp));
        return results.OrderBy(static r => r.ToString(), StringComparer.Ordinal).SequenceEqual(expected.OrderBy(static r => r.ToString(), StringComparer.Ordinal))
            && driver.Results.All(r => IsInOrderOfSlices(c, r.Value.Value))
            && driver.Late.Select(static l => l.Value.Item2).SequenceEqual(model.Late)
            && (restarts.OutsideWindows, restarts.Operator.LateDropped, restarts.Operator.PanesLive) == (model.Outside, 0, 0);
    }

    static string Sorted(string value) => string.Concat(value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).Order().Select(static v => v + ","));

    // Earlier slices come first, and within a slice records are in order of arrival.
    static bool IsInOrderOfSlices(Case c, string value)
    {
        (long First, int Id)[] records = WithSlices(c, value);
        return records.SequenceEqual(records.Order());
    }

    static string OfLastSlice(Case c, string value)
    {
        (long First, int Id)[] records = WithSlices(c, value);
        return string.Concat(records.Where(r => r.First == records.Max(static o => o.First)).Select(static r => r.Id + ","));
    }

    static (long First, int Id)[] WithSlices(Case c, string value)
    {
        WindowSlices slices = new(c.Windows);
        return [.. value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)
            .Select(id => (slices.TryFind(c.Steps[id].Ticks, out long first) ? first : throw new InvalidOperationException(), id))];
    }

    /// <summary>The rules of the reference, one list of records per key and window.</summary>
    sealed class WindowModel(Case c)
    {
        readonly SortedDictionary<(long Start, int Key), List<int>> _contents = [];
        long _watermark = long.MinValue;

        public List<Result> Results { get; } = [];

        public List<int> Late { get; } = [];

        public long Outside { get; private set; }

        public void Run()
        {
            for (int i = 0; i < c.Steps.Length; i++)
            {
                if (c.Steps[i].Key < 0) Advance(c.Steps[i].Ticks);
                else Add(c.Steps[i].Key, c.Steps[i].Ticks, i);
            }

            Advance(long.MaxValue);
        }

        void Add(int key, long ticks, int id)
        {
            bool isTaken = false;
            long phase = (ticks - c.Offset) % c.Slide;
            for (long start = ticks - (phase < 0 ? phase + c.Slide : phase); start > ticks - c.Size; start -= c.Slide)
            {
                long last = start + c.Size - 1;
                if (_watermark != long.MinValue && last + c.Lateness <= _watermark) continue;
                isTaken = true;
                if (!_contents.TryGetValue((start, key), out List<int>? records)) _contents.Add((start, key), records = []);
                records.Add(id);
                if (last <= _watermark) Emit(start, key, records);
            }

            if (isTaken) return;
            if (_watermark != long.MinValue && ticks + c.Lateness <= _watermark) Late.Add(id);
            else Outside++;
        }

        void Advance(long watermark)
        {
            if (watermark <= _watermark) return;
            foreach (((long start, int key), List<int> records) in _contents.ToArray())
            {
                long last = start + c.Size - 1;
                if (last > _watermark && last <= watermark) Emit(start, key, records);
                if (watermark == long.MaxValue || last + c.Lateness <= watermark) _contents.Remove((start, key));
            }

            _watermark = watermark;
        }

        void Emit(long start, int key, List<int> records) =>
            Results.Add(new(key, new(start), new(start + c.Size), string.Concat(records.Select(static r => r + ",")), new(start + c.Size - 1)));
    }
}
