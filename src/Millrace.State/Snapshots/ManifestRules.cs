namespace Millrace.State.Snapshots;

/// <summary>What holds in every manifest: checked before it is written and after it is read.</summary>
static class ManifestRules
{
    /// <summary>The first rule that is broken, as a sentence; null when all hold.</summary>
    public static string? Broken(SnapshotManifest manifest) =>
        BrokenHead(manifest)
        ?? manifest.Packs.Select(BrokenPack).FirstOrDefault(static b => b is not null)
        ?? Twice(manifest.Packs, static p => p.Key, "the file")
        ?? Twice(manifest.Operators, static o => o.Id, "the operator")
        ?? Twice(manifest.Owed, static o => $"{o.Operator}/{o.Id}", "the transaction")
        ?? manifest.Operators.Select(o => BrokenOperator(o, manifest)).FirstOrDefault(static b => b is not null)
        ?? Unused(manifest);

    static string? BrokenHead(SnapshotManifest manifest)
    {
        if (manifest.Id < 1) return "its id is not positive";
        if (manifest.Attempt.Term < 0 || manifest.Attempt.Sequence < 0) return "its attempt is negative";
        if (manifest.Timeline.Length != 32 || !manifest.Timeline.All(char.IsAsciiHexDigitLower)) return "its timeline is not 32 hexadecimal digits";
        if (manifest.Parent is { } parent && parent.Id >= manifest.Id) return $"its parent, {parent.Id}, is not before it";
        return null;
    }

    static string? BrokenPack(PackEntry pack)
    {
        if (!SnapshotKeys.IsKey(pack.Key)) return $"'{pack.Key}' is not a relative path";
        long footer = pack.Length - pack.FooterOffset;
        return pack.FooterOffset < PackFormat.HeaderBytes || footer <= PackFormat.TrailerBytes
            ? $"a file of {pack.Length} bytes, {pack.Key}, cannot have its footer at byte {pack.FooterOffset}"
            : null;
    }

    static string? BrokenOperator(OperatorEntry entry, SnapshotManifest manifest)
    {
        if (entry.Parallelism < 1) return $"operator '{entry.Id}' has no instance";
        if (entry.Finished < 0 || entry.Finished > entry.Parallelism) return $"operator '{entry.Id}' has {entry.Finished} of {entry.Parallelism} instances finished";
        if (Overlap(entry.Watermarks.Select(static w => w.Range))) return $"operator '{entry.Id}' has two watermarks for one slice";
        return Twice(entry.States, static s => s.Schema.Name, $"of operator '{entry.Id}' the state")
            ?? entry.States.Select(s => BrokenState(entry, s, manifest)).FirstOrDefault(static b => b is not null);
    }

    static string? BrokenState(OperatorEntry entry, StateEntry state, SnapshotManifest manifest)
    {
        string name = $"state '{state.Schema.Name}' of operator '{entry.Id}'";
        bool isKeyed = state.Schema.Layout is StateLayout.Keyed or StateLayout.InFlight;
        if (isKeyed ? state.Items.Count > 0 : state.Runs.Count > 0) return $"{name} has {(isKeyed ? "items" : "rows")}, which its layout does not have";
        if (Overlap(state.Runs.Select(static r => r.Range).Distinct())) return $"{name} has runs whose slices overlap in part";
        foreach (RunEntry run in state.Runs)
        {
            if (BrokenRun(run, state.Schema, manifest) is { } broken) return $"{name} has a run of checkpoint {run.Snapshot} {broken}";
        }

        foreach (IGrouping<KeyRange, RunEntry> slice in state.Runs.GroupBy(static r => r.Range))
        {
            RunEntry? before = null;
            foreach (RunEntry run in slice)
            {
                if (before is not null && (run.IsFull || run.Base < before.Snapshot)) return $"{name} has runs for {slice.Key} that contradict each other";
                before = run;
            }
        }

        return null;
    }

    static string? BrokenRun(RunEntry run, StateSchema schema, SnapshotManifest manifest)
    {
        if (run.Pack < 0 || run.Pack >= manifest.Packs.Count) return $"in file {run.Pack}, which is not listed";
        if (run.Section < 0) return "in no section";
        if (run.Range.IsEmpty) return "for no slice";
        if (run.Snapshot < 1 || run.Snapshot > manifest.Id) return "that is later than the manifest";
        if (run.IsFull ? run.Base != 0 : run.Base < 1 || run.Base >= run.Snapshot) return $"with the impossible base {run.Base}";
        if (run.Rows < 0 || run.Deletions < 0 || run.Deletions > run.Rows || run.Bytes < 0) return "with impossible counts";
        if (run.DroppedBelow != long.MinValue && !DropRule.Reads(schema)) return "that drops rows by sub-keys that are no 64-bit numbers";
        return null;
    }

    static string? Unused(SnapshotManifest manifest)
    {
        bool[] isUsed = new bool[manifest.Packs.Count];
        foreach (RunEntry run in manifest.Operators.SelectMany(static o => o.States).SelectMany(static s => s.Runs)) isUsed[run.Pack] = true;
        int unused = Array.IndexOf(isUsed, false);
        return unused < 0 ? null : $"no run is in the file {manifest.Packs[unused].Key}";
    }

    static string? Twice<T>(IReadOnlyList<T> items, Func<T, string> name, string what)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        string? twice = items.Select(name).FirstOrDefault(n => !seen.Add(n));
        return twice is null ? null : $"{what} '{twice}' is there twice";
    }

    static bool Overlap(IEnumerable<KeyRange> ranges)
    {
        long end = 0;
        foreach (KeyRange range in ranges.OrderBy(static r => r.Start))
        {
            if (range.Start < end) return true;
            end = range.End;
        }

        return false;
    }
}
