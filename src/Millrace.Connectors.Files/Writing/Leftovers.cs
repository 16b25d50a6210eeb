using System.Globalization;

namespace Millrace.Connectors.Files;

/// <summary>How a writer begins: what <see cref="Leftovers"/> found.</summary>
/// <param name="Mark">The mark of files to be replaced, relative; empty when nothing is replaced.</param>
/// <param name="Open">The hidden file a single output file is joined in, relative; null for folders.</param>
/// <param name="Offset">How many bytes it has.</param>
/// <param name="PublishesEmpty">Whether a file appears even without records.</param>
internal sealed record OutputStart(string Mark, string? Open, long Offset, bool PublishesEmpty);

/// <summary>
/// Ends what earlier deployments left in the hidden folder. Parts that nobody owes are deleted. Output files that were not complete hold
/// only what was committed: they are published as they are, and the one file of a sink is continued.
/// </summary>
internal sealed class Leftovers(OutputTarget target, SinkContext context, IReadOnlyList<FilePrepared> owed)
{
    const string Continue = "continue";

    readonly Deployment _self = Deployment.Of(context);
    readonly HashSet<string> _owed = [.. owed.SelectMany(static p => p.Pieces).SelectMany(static p => (string?[])[p.Staged, p.Open]).OfType<string>()];

    /// <summary>Does it. May be repeated.</summary>
    public void End(bool hasBuckets)
    {
        FolderSync.Create(target.PathOf(OutputTarget.Parts(context)));
        FolderSync.Create(target.PathOf(OutputTarget.Opens(context)));
        DeleteParts();
        if (target.SingleFile is null) PublishOpenFiles();
        else ContinueOpenFile(target.SingleFile);
        EarlierOutput.Forget(target, context);
        EarlierOutput.Note(target, context, hasBuckets);
    }

    /// <summary>How the writers of a deployment begin.</summary>
    /// <exception cref="InvalidOperationException">The deployment has not ended what earlier ones left.</exception>
    public static OutputStart StartOf(OutputTarget target, SinkContext context)
    {
        string? mark = EarlierOutput.MarkOf(target, context);
        if (context.IsFresh && mark is null) throw NotEnded(target);
        bool isPending = mark is not null && File.Exists(target.PathOf(mark));
        if (target.SingleFile is null) return new(mark ?? "", null, 0, !context.IsDurable || isPending);
        string path = target.PathOf(ContinuePath(context));
        if (!File.Exists(path)) throw NotEnded(target);
        string[] lines = File.ReadAllLines(path);
        return new(mark ?? "", lines[0], long.Parse(lines[1], CultureInfo.InvariantCulture), true);
    }

    void DeleteParts()
    {
        string parts = OutputTarget.Parts(context);
        foreach (string name in HiddenFile.In(target.PathOf(parts)))
            if (IsEarlier(name) && !_owed.Contains($"{parts}/{name}")) File.Delete(target.PathOf($"{parts}/{name}"));
    }

    void PublishOpenFiles()
    {
        string opens = target.PathOf(OutputTarget.Opens(context));
        string[] files = [.. Directory.EnumerateFiles(opens, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        foreach (string file in files)
        {
            string relative = Path.GetRelativePath(opens, file).Replace('\\', '/');
            string name = Path.GetFileName(file);
            if (!IsEarlier(name) || _owed.Contains($"{OutputTarget.Opens(context)}/{relative}")) continue;
            (Deployment deployment, string visible) = Deployment.Parse(name)!.Value;
            if (IsReplaced(deployment))
            {
                File.Delete(file);
                continue;
            }

            EarlierOutput.Replace(target, EarlierOutput.MarkOf(target, context) ?? "");
            FolderSync.Move(file, target.PathOf(relative[..^name.Length] + visible));
        }
    }

    void ContinueOpenFile(string visible)
    {
        string opens = OutputTarget.Opens(context);
        List<(Deployment Deployment, string Name)> files =
        [
            .. HiddenFile.In(target.PathOf(opens)).Where(IsEarlier).Select(static name => (Deployment.Parse(name)!.Value.Deployment, name))
                .Where(file => !_owed.Contains($"{opens}/{file.name}")),
        ];
        foreach ((Deployment deployment, string name) in files.ToArray())
        {
            if (!IsReplaced(deployment)) continue;
            File.Delete(target.PathOf($"{opens}/{name}"));
            files.Remove((deployment, name));
        }

        FilePiece? last = owed.SelectMany(static p => p.Pieces).MaxBy(static p => p.End);
        files.Sort(static (a, b) => a.Deployment.IsBefore(b.Deployment) ? -1 : 1);
        string open = last?.Open ?? (files.Count > 0 ? $"{opens}/{files[^1].Name}" : $"{opens}/{_self}~{visible}");
        long offset = Math.Max(last?.End ?? 0, new FileInfo(target.PathOf(open)) is { Exists: true } file ? file.Length : 0);
        // What was published at a stop goes on under a hidden name, so that readers see the file of before until the next one is whole.
        if (offset == 0 && IsOurs() && File.Exists(target.PathOf(visible))) offset = Copy(target.PathOf(visible), target.PathOf(open));
        HiddenFile.Write(target.PathOf(ContinuePath(context)), open + "\n" + offset.ToString(CultureInfo.InvariantCulture));
        foreach (string name in HiddenFile.In(target.PathOf(OutputTarget.Hidden(context))).Where(IsEarlier))
            if (Deployment.Parse(name) is (_, Continue)) File.Delete(target.PathOf($"{OutputTarget.Hidden(context)}/{name}"));
    }

    static long Copy(string from, string to)
    {
        string temporary = to + ".new";
        File.Copy(from, temporary, overwrite: true);
        using (FileStream stream = new(temporary, FileMode.Open, FileAccess.Write, FileShare.Read)) stream.Flush(flushToDisk: true);
        FolderSync.Move(temporary, to);
        return new FileInfo(to).Length;
    }

    bool IsEarlier(string name) => Deployment.Parse(name) is var (deployment, _) && deployment.IsBefore(_self);

    /// <summary>Whether what is visible was written on the way to here, not by a run that is to be replaced.</summary>
    bool IsOurs() => !context.IsFresh || (EarlierOutput.MarkOf(target, context) is { } mark && !File.Exists(target.PathOf(mark)));

    /// <summary>Whether the run that a deployment belonged to is replaced by a fresh one.</summary>
    bool IsReplaced(Deployment deployment) => context.IsFresh && (deployment.Timeline != _self.Timeline || !context.IsDurable);

    static string ContinuePath(SinkContext context) => $"{OutputTarget.Hidden(context)}/{Deployment.Of(context)}~{Continue}";

    static InvalidOperationException NotEnded(OutputTarget target) => new(
        $"The sink for '{target.GivenPath}' was opened before AbandonAsync was called for the same deployment.");
}
