namespace Millrace.State.Snapshots;

/// <summary>Which runs of a state count in a snapshot: those of the parent that new ones do not supersede, then the new ones.</summary>
static class RunChain
{
    /// <summary>Puts the runs of one state together.</summary>
    /// <param name="parent">The runs of the parent, oldest first.</param>
    /// <param name="written">The runs written for the new snapshot, each for another slice; those that are nowhere say that nothing is there.</param>
    /// <param name="state">For errors.</param>
    /// <returns>The runs that count, oldest first, those of the parent before the new ones; none of them is nowhere.</returns>
    public static (List<RunEntry> Carried, List<RunEntry> New) Join(IReadOnlyList<RunEntry> parent, IReadOnlyList<RunEntry> written, string state)
    {
        Dictionary<KeyRange, RunEntry> bySlice = [];
        foreach (RunEntry run in written) Invariant.That(bySlice.TryAdd(run.Range, run), $"a slice of {state} is written once per snapshot");
        RunEntry[] full = [.. written.Where(static r => r.IsFull).OrderBy(static r => r.Range.Start)];
        RunEntry[] deltas = [.. written.Where(static r => !r.IsFull)];
        List<RunEntry> carried = [];
        foreach (RunEntry old in parent)
        {
            if (bySlice.TryGetValue(old.Range, out RunEntry? same))
            {
                if (same.IsFull) continue;
                Invariant.That(!old.IsFull || old.Snapshot <= same.Base, $"the base of a run of {state} is not before the full run that its chain begins with");
                if (old.Snapshot <= same.Base) carried.Add(old);
                continue;
            }

            bool isCut = deltas.Any(d => !d.Range.Intersect(old.Range).IsEmpty);
            Invariant.That(!isCut, $"a run of {state} says changes since runs of the same slice, not of one that overlaps it");
            carried.AddRange(Uncovered(old.Range, full).Select(rest => rest == old.Range ? old : old with { Range = rest }));
        }

        return (carried, [.. written.Where(static r => r.Pack != RunEntry.Nowhere).OrderBy(static r => r.Range.Start)]);
    }

    // What no full run speaks for. Usually all or nothing; after another parallelism a run can lose a part of its slice at a time.
    static List<KeyRange> Uncovered(KeyRange range, RunEntry[] full)
    {
        List<KeyRange> rest = [];
        long at = range.Start;
        foreach (RunEntry run in full)
        {
            KeyRange covered = run.Range.Intersect(range);
            if (covered.IsEmpty) continue;
            if (covered.Start > at) rest.Add(new KeyRange(at, covered.Start));
            at = Math.Max(at, covered.End);
        }

        if (at < range.End) rest.Add(new KeyRange(at, range.End));
        return rest;
    }
}
