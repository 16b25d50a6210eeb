using Millrace.State;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Simulation;

/// <summary>Sums per key and window. Stragglers are left out.</summary>
sealed record WindowPiece(string Name, int Keys, int SlideMs, int Slides) : IExactPiece, IDrainablePiece
{
    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        KeyedStream<int, Reading> keyed = input.Where(static r => !r.IsStraggler).KeyBy(r => r.Weight % Keys);
        TimeSpan slide = TimeSpan.FromMilliseconds(SlideMs);
        WindowedStream<int, Reading> windows = Slides == 1 ? keyed.Window(Tumbling.Of(slide)) : keyed.Window(Sliding.Of(slide * Slides, slide));
        return site.Place(windows.Aggregate(
            Name, seed: static () => 0L, add: static (ref sum, in record) => sum += record.Value.Index + 1, merge: static (a, b) => a + b,
            emit: w => $"{Name} {w.Key} {w.Window.Start.ToUnixMilliseconds()} {w.Value}"));
    }

    public IEnumerable<string> Answer(IReadOnlyList<Reading> input) =>
        from slice in Slices(input)
        from start in Enumerable.Range(0, Slides).Select(i => (slice.Key.Slice - i) * SlideMs)
        group slice.Sum() by (slice.Key.Key, Start: start) into records
        select $"{Name} {records.Key.Key} {records.Key.Start} {records.Sum()}";

    public void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], [.. Lines.AddUp(lines, 1)]);

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        EventTimes times = new(checkpoint.Manifest, Name);
        List<string> actual = [];
        await foreach (SnapshotRow row in checkpoint.ReadRowsAsync(Name, "windows", KeyRange.Full, CancellationToken.None))
        {
            int key = Codec.Of<int>().Decode(row.Key.Span);
            long slice = EventTimes.Tag(row).ToUnixMilliseconds() / SlideMs;
            // A slice goes with the last key that needs it; one of a key that is further may be left.
            if (IsOpen(times, key, slice)) actual.Add($"{key} {slice} {Codec.Of<long>().Decode(row.Value.Span)}");
        }

        Lines.RequireSame(
            [.. Slices(read).Where(s => IsOpen(times, s.Key.Key, s.Key.Slice)).Select(static s => $"{s.Key.Key} {s.Key.Slice} {s.Sum()}")], actual,
            $"; the windows of {Name} in checkpoint {checkpoint.Manifest.Id}");
    }

    /// <summary>Whether a window that is not over needs the slice.</summary>
    bool IsOpen(EventTimes times, int key, long slice) => times.Of(default(Int32KeyOps).Hash(key)) < Timestamp.FromUnixMilliseconds((slice + Slides) * SlideMs) - TimeSpan.FromTicks(1);

    IEnumerable<IGrouping<(int Key, long Slice), long>> Slices(IReadOnlyList<Reading> input) =>
        from r in input
        where !r.IsStraggler
        group r.Index + 1L by (Key: r.Weight % Keys, Slice: r.Ms / SlideMs);
}
