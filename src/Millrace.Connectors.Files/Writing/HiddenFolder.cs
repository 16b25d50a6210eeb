namespace Millrace.Connectors.Files;

/// <summary>The hidden folder of a job without storage, which nobody needs after its last commit.</summary>
static class HiddenFolder
{
    /// <summary>Deletes it once nothing is left to commit.</summary>
    public static void RemoveIfDone(OutputTarget target, FilePrepared prepared)
    {
        if (prepared.Pieces.Count == 0) return;
        string hidden = target.PathOf(prepared.Pieces[0].Open[..prepared.Pieces[0].Open.IndexOf("/open/", StringComparison.Ordinal)]);
        try
        {
            if (!Directory.Exists(hidden) || HasFiles(hidden, "parts") || HasFiles(hidden, "open")) return;
            Directory.Delete(hidden, recursive: true);
            // Refused while another sink has its own in it.
            Directory.Delete(Path.GetDirectoryName(hidden)!);
        }
        catch (IOException)
        {
            // Another sink, or another caller that commits the last part, is at it too. What stays is empty, hidden, and used again.
        }
    }

    static bool HasFiles(string hidden, string folder) =>
        Path.Combine(hidden, folder) is var path && Directory.Exists(path) && Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Any();
}
