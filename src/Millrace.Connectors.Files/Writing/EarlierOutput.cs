namespace Millrace.Connectors.Files;

/// <summary>
/// The output of an earlier run, which a fresh one replaces when it publishes its first file. A mark in the hidden folder lists the files
/// until then (<c>….replaces</c>); afterwards it says that it is done (<c>….replaced</c>), so that nothing of the new run is taken for old.
/// </summary>
static class EarlierOutput
{
    const string Pending = ".replaces", Done = ".replaced";

    // Guards the deletion of files listed in marks: without storage the names of old and new files are the same, and of two callers that
    // commit at once in this process one would delete what the other has published. With storage names are never used twice.
    static readonly Lock s_replacing = new();

    /// <summary>Writes the mark of a fresh timeline, unless it has one.</summary>
    /// <param name="target">The output.</param>
    /// <param name="context">The deployment.</param>
    /// <param name="hasBuckets">Whether folders within the output are the sink's.</param>
    public static void Note(OutputTarget target, SinkContext context, bool hasBuckets)
    {
        if (!context.IsFresh || MarkOf(target, context) is not null) return;
        string path = target.PathOf($"{OutputTarget.Hidden(context)}/{Deployment.Of(context)}~{context.Timeline}{Pending}");
        HiddenFile.Write(path, string.Join('\n', target.FindVisible(hasBuckets)));
    }

    /// <summary>The mark of the deployment's timeline, relative, as it is called while files are to be replaced; null when there is none.</summary>
    public static string? MarkOf(OutputTarget target, SinkContext context)
    {
        string hidden = OutputTarget.Hidden(context);
        return HiddenFile.In(target.PathOf(hidden))
            .Where(name => name.EndsWith($"~{context.Timeline}{Pending}", StringComparison.Ordinal) || name.EndsWith($"~{context.Timeline}{Done}", StringComparison.Ordinal))
            .Select(name => $"{hidden}/{Path.ChangeExtension(name, null)}{Pending}")
            .FirstOrDefault();
    }

    /// <summary>Deletes the marks of earlier deployments on other timelines.</summary>
    public static void Forget(OutputTarget target, SinkContext context)
    {
        string hidden = target.PathOf(OutputTarget.Hidden(context));
        foreach (string name in HiddenFile.In(hidden).Where(static name => name.EndsWith(Pending, StringComparison.Ordinal) || name.EndsWith(Done, StringComparison.Ordinal)))
        {
            if (Deployment.Parse(name) is not var (deployment, rest) || rest.StartsWith(context.Timeline, StringComparison.Ordinal)) continue;
            if (deployment.IsBefore(Deployment.Of(context))) File.Delete(Path.Combine(hidden, name));
        }
    }

    /// <summary>Whether a visible file is still one of the run before.</summary>
    public static bool IsPending(OutputTarget target, string mark, string visible) => Listed(target, mark)?.Contains(visible, StringComparer.Ordinal) ?? false;

    /// <summary>Removes the output of the run before, once.</summary>
    public static void Replace(OutputTarget target, string mark)
    {
        lock (s_replacing)
        {
            if (Listed(target, mark) is not { } files) return;
            // The one file of a sink is replaced by the move that publishes it.
            if (target.SingleFile is null)
            {
                foreach (string file in files)
                    if (Directory.Exists(Path.GetDirectoryName(target.PathOf(file)))) File.Delete(target.PathOf(file));
            }

            string path = target.PathOf(mark);
            try
            {
                FolderSync.Move(path, Path.ChangeExtension(path, Done));
            }
            catch (FileNotFoundException) when (File.Exists(Path.ChangeExtension(path, Done)))
            {
                // Another process has done the same at the same time.
            }
        }
    }

    static string[]? Listed(OutputTarget target, string mark)
    {
        if (mark.Length == 0 || !File.Exists(target.PathOf(mark))) return null;
        try
        {
            return File.ReadAllText(target.PathOf(mark)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}

/// <summary>Small files of the hidden folder: written whole, listed by name.</summary>
static class HiddenFile
{
    /// <summary>Writes a file so that it is there whole or not at all, durably.</summary>
    public static void Write(string path, string text)
    {
        string temporary = path + ".new";
        FolderSync.Create(Path.GetDirectoryName(path)!);
        using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.Read))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        FolderSync.Move(temporary, path);
    }

    /// <summary>The names of the files in a folder; none if there is no folder.</summary>
    public static IReadOnlyList<string> In(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Select(static file => Path.GetFileName(file))] : [];
}
