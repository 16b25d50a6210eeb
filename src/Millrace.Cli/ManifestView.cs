using System.Globalization;
using Millrace.State;
using Millrace.State.Snapshots;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>A snapshot for people.</summary>
internal static class ManifestView
{
    /// <summary>Prints what it is, its states, its files, and what it owes.</summary>
    public static void Print(Tool tool, SnapshotManifest manifest)
    {
        TextWriter output = tool.Output;
        output.WriteLine($"{manifest.Kind.ToString().ToLowerInvariant()} {manifest.Id} of {manifest.Job}, taken {manifest.TakenAt:u} by attempt {manifest.Attempt} of timeline {manifest.Timeline}");
        output.WriteLine($"program {manifest.Fingerprint}, Millrace {manifest.Engine}{(manifest.Watermark.IsNone ? "" : $", event time {manifest.Watermark}")}{(manifest.IsDrained ? ", drained" : "")}");
        if (manifest.Parent is { } parent) output.WriteLine($"builds on checkpoint {parent.Id} ({parent.Key}), which may be deleted all the same: what is needed of it is named here");
        (int Files, long Bytes) own = PacksOf(manifest, static (of, id) => of == id), earlier = PacksOf(manifest, static (of, id) => of != id);
        output.WriteLine($"{Number(own.Bytes)} bytes in {own.Files} files were written for it; it names {Number(earlier.Bytes)} bytes in {earlier.Files} files of earlier checkpoints besides");
        output.WriteLine();
        tool.Print(States(manifest));
        output.WriteLine();
        tool.Print(Files(manifest));
        if (manifest.Owed.Count == 0) return;
        output.WriteLine();
        Table owed = Tool.Table("owed by", "transaction", "what");
        foreach (OwedTransaction transaction in manifest.Owed) Tool.Add(owed, transaction.Operator, transaction.Id, transaction.Text);
        tool.Print(owed);
    }

    static Table States(SnapshotManifest manifest)
    {
        Table table = Tool.Table("operator", "instances", "state", "kind", "rows", "deleted", "bytes", "runs", "key ranges", "key", "value", "kept for");
        foreach (OperatorEntry op in manifest.Operators)
        {
            foreach (StateEntry state in op.States)
            {
                StateSize size = StateSize.Of(state);
                Tool.Add(table, op.Id, $"{op.Parallelism}", state.Schema.Name, state.Schema.Kind, Number(size.Rows), Number(size.Deletions), Number(size.Bytes), $"{size.Runs}",
                    Ranges(state.Runs), Type(state.Schema.Key), Type(state.Schema.Value), state.Schema.Ttl?.ToString() ?? "");
            }

            if (op.States.Count == 0) Tool.Add(table, op.Id, $"{op.Parallelism}", "-", op.Verb, "", "", "", "", "", "", "", "");
        }

        return table;
    }

    static Table Files(SnapshotManifest manifest)
    {
        Table table = Tool.Table("file", "bytes", "written by", "for", "what it is for");
        Tool.Add(table, SnapshotKeys.ManifestName, "", $"{manifest.Attempt}", $"{manifest.Id}", "says what all of it is: operators, states, files with their hashes (JSON)");
        for (int i = 0; i < manifest.Packs.Count; i++)
        {
            PackEntry pack = manifest.Packs[i];
            int at = i;
            string uses = string.Join(
                ", ",
                from op in manifest.Operators
                from state in op.States
                let runs = state.Runs.Where(r => r.Pack == at).ToArray()
                where runs.Length > 0
                select $"{op.Id}/{state.Schema.Name} {Number(runs.Sum(static r => r.Rows))} rows");
            Tool.Add(table, pack.Key, Number(pack.Length), $"{pack.Attempt}", $"{SnapshotOf(manifest, i)}", uses.Length > 0 ? uses : pack.About);
        }

        return table;
    }

    static (int Files, long Bytes) PacksOf(SnapshotManifest manifest, Func<long, long, bool> which)
    {
        PackEntry[] packs = [.. manifest.Packs.Where((_, i) => which(SnapshotOf(manifest, i), manifest.Id))];
        return (packs.Length, packs.Sum(static p => p.Length));
    }

    // A pack is written for one snapshot, which its runs name.
    static long SnapshotOf(SnapshotManifest manifest, int pack) =>
        manifest.Operators.SelectMany(static op => op.States).SelectMany(static state => state.Runs).Where(run => run.Pack == pack)
            .Select(static run => run.Snapshot).DefaultIfEmpty(manifest.Id).Max();

    /// <summary>What the runs speak for together, as hashes in hexadecimal.</summary>
    internal static string Ranges(IReadOnlyList<RunEntry> runs)
    {
        List<(long Start, long End)> merged = [];
        foreach (KeyRange range in runs.Select(static r => r.Range).OrderBy(static r => r.Start))
        {
            if (merged.Count > 0 && range.Start <= merged[^1].End) merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, range.End));
            else merged.Add((range.Start, range.End));
        }

        return string.Join(", ", merged.Select(static m => string.Create(CultureInfo.InvariantCulture, $"{m.Start:x8}-{m.End - 1:x8}")));
    }

    static string Type(State.Codecs.TypeSchema? schema) => schema is null ? "" : $"{schema.Root}";

    static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
