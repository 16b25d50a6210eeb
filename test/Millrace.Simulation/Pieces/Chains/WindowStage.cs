using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>What is made of the records of a window.</summary>
enum WindowVerb
{
    Sum,
    Count,
    Min,
    Max,
    Reduce,
    Process,
}

/// <summary>Windows by key, overlapping or not, with any of the verbs.</summary>
sealed record WindowStage(WindowVerb Verb, int Keys, int SlideMs, int Slides, int OffsetMs) : IStage
{
    public DataStream<Link> Build(DataStream<Link> input, string id, PieceSite site)
    {
        TimeSpan slide = TimeSpan.FromMilliseconds(SlideMs), offset = TimeSpan.FromMilliseconds(OffsetMs);
        WindowedStream<int, Link> windows = input.KeyBy(l => l.Number % Keys).Window((Slides == 1 ? Tumbling.Of(slide) : Sliding.Of(slide * Slides, slide)).WithOffset(offset));
        return Verb switch
        {
            WindowVerb.Sum => site.Place(windows.Sum(id, static l => l.Value)).Select(static w => Made(w.Key, w.Window.MaxTimestamp, w.Value)),
            WindowVerb.Count => site.Place(windows.Count(id)).Select(static w => Made(w.Key, w.Window.MaxTimestamp, w.Value)),
            WindowVerb.Min => site.Place(windows.Min(id, static l => l.Value)).Select(static w => Made(w.Key, w.Window.MaxTimestamp, w.Value)),
            WindowVerb.Max => site.Place(windows.Max(id, static l => l.Value)).Select(static w => Made(w.Key, w.Window.MaxTimestamp, w.Value)),
            WindowVerb.Reduce => site.Place(windows.Reduce(id, Link.Merge)).Select(static w => Made(w.Key, w.Window.MaxTimestamp, w.Value.Value)),
            _ => site.Place(windows.Process(id, static () => new All())),
        };
    }

    public IEnumerable<Link> Emitted(IReadOnlyList<Link> input, Func<int, Timestamp> timeOf) =>
        from slice in Slices(input)
        from start in Enumerable.Range(0, Slides).Select(i => StartOf(slice.Key.Slice - i))
        group slice by (slice.Key.Key, Last: start + TimeSpan.FromMilliseconds(SlideMs * Slides) - TimeSpan.FromTicks(1)) into window
        where window.Key.Last <= timeOf(window.Key.Key)
        select Made(window.Key.Key, window.Key.Last, ValueOf(window.SelectMany(static s => s)));

    public async Task CheckStateAsync(SnapshotReader checkpoint, string id, IReadOnlyList<Link> input)
    {
        // What a window that hands out all its records keeps is another form.
        if (Verb is WindowVerb.Process or WindowVerb.Reduce) return;
        EventTimes times = new(checkpoint.Manifest, id);
        List<string> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(id, "windows", KeyRange.Full, CancellationToken.None))
        {
            int key = Codec.Of<int>().Decode(row.Key.Span);
            long slice = SliceOf(EventTimes.Tag(row));
            if (IsOpen(times, key, slice)) actual.Add($"{key} {slice} {Codec.Of<long>().Decode(row.Value.Span)}");
        }

        Lines.RequireSame(
            [.. Slices(input).Where(s => IsOpen(times, s.Key.Key, s.Key.Slice)).Select(s => $"{s.Key.Key} {s.Key.Slice} {ValueOf(s)}")], actual,
            $"; the windows of {id} in checkpoint {checkpoint.Manifest.Id}");
    }

    static Link Made(int key, Timestamp at, long value) => new(Link.NumberOf(key, at), value, at);

    long ValueOf(IEnumerable<Link> records) => Verb switch
    {
        WindowVerb.Count => records.LongCount(),
        WindowVerb.Min => records.Min(static l => l.Value),
        WindowVerb.Max => records.Max(static l => l.Value),
        _ => records.Sum(static l => l.Value),
    };

    bool IsOpen(EventTimes times, int key, long slice) => times.Of(default(Int32KeyOps).Hash(key)) < StartOf(slice + Slides) - TimeSpan.FromTicks(1);

    IEnumerable<IGrouping<(int Key, long Slice), Link>> Slices(IReadOnlyList<Link> input) => input.GroupBy(l => (Key: l.Number % Keys, Slice: SliceOf(l.At)));

    // Times are after the epoch by far more than an offset.
    long SliceOf(Timestamp at) => (at.Ticks - (OffsetMs * TimeSpan.TicksPerMillisecond)) / (SlideMs * TimeSpan.TicksPerMillisecond);

    Timestamp StartOf(long slice) => Timestamp.FromUnixMilliseconds((slice * SlideMs) + OffsetMs);

    sealed class All : IWindowProcess<int, Link, Link>
    {
        public void OnWindow(in WindowContent<int, Link> window, Output<Link> output)
        {
            long sum = 0;
            foreach (Link l in window.Records) sum += l.Value;
            output.Emit(Made(window.Key, window.Window.MaxTimestamp, sum));
        }
    }
}
