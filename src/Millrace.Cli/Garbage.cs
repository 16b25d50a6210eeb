using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Cli;

/// <summary>A file that nobody names.</summary>
/// <param name="Key">Relative to the root of the job.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Why">A sentence.</param>
internal sealed record GarbageFile(string Key, long Length, string Why);

/// <summary>What a listing of a job's folder shows to be garbage. What cannot be read as one of the engine's names never is.</summary>
/// <param name="Files">The garbage.</param>
/// <param name="Strangers">Names that are not the engine's.</param>
/// <param name="Kept">How many files are needed.</param>
internal sealed partial record Garbage(IReadOnlyList<GarbageFile> Files, IReadOnlyList<string> Strangers, int Kept)
{
    /// <summary>How many of the files are entries of earlier terms of the ledger.</summary>
    public int Entries => Files.Count(static f => LedgerKeys.TryEntry(f.Key, out _, out _));

    /// <summary>The other files, in words.</summary>
    public string Rest(string deleted) =>
        $"{Files.Count - Entries} files {deleted}, {Files.Where(static f => !LedgerKeys.TryEntry(f.Key, out _, out _)).Sum(static f => f.Length):N0} bytes; {Kept} are needed";

    /// <summary>Lists and decides.</summary>
    /// <param name="folder">The folder of the job.</param>
    /// <param name="state">Its ledger.</param>
    /// <param name="newestTerm">Files of later terms are left alone.</param>
    /// <param name="acceptingTerm">The term that has, or will have, accepted the entries of earlier ones, which are garbage then, save entry 0.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SnapshotCorruptException">A snapshot that is kept cannot be read, so that nothing is known to be garbage.</exception>
    /// <exception cref="ObjectMissingException">Likewise.</exception>
    public static async ValueTask<Garbage> FindAsync(
        IListableStore folder, LedgerState state, long newestTerm, long acceptingTerm, CancellationToken cancellationToken)
    {
        HashSet<string> needed = await NeededAsync(folder, state, cancellationToken).ConfigureAwait(false);
        List<GarbageFile> files = [];
        List<string> strangers = [];
        int kept = 0;
        await foreach (StoredObject found in folder.ListAsync("", cancellationToken).ConfigureAwait(false))
        {
            if (needed.Contains(found.Key)) kept++;
            else if (LedgerKeys.TryEntry(found.Key, out long written, out long sequence) && sequence > 0 && written < acceptingTerm)
                files.Add(new(found.Key, found.Length, "an entry of an earlier term, of which the newest keeps what follows from it"));
            else if (Ledger().IsMatch(found.Key)) kept++;
            else if (TermOf(found.Key) is not { } term) strangers.Add(found.Key);
            else if (term > newestTerm) kept++;
            else files.Add(new(found.Key, found.Length, state.Doomed.Contains(found.Key) ? "doomed by the ledger, not deleted yet" : $"of attempt {AttemptOf(found.Key)}, and no snapshot that is kept names it"));
        }

        return new([.. files.OrderBy(static f => f.Key, StringComparer.Ordinal)], [.. strangers.Order(StringComparer.Ordinal)], kept);
    }

    static async ValueTask<HashSet<string>> NeededAsync(IListableStore folder, LedgerState state, CancellationToken cancellationToken)
    {
        HashSet<string> needed = new(StringComparer.Ordinal);
        IEnumerable<SnapshotReference> kept = state.Kept;
        if (state.Origin is TimelineOrigin.Own own && state.Retained.Count == 0) kept = kept.Append(own.Snapshot);
        if (state.Stop?.Snapshot is { } stopping) kept = kept.Append(stopping);
        foreach (SnapshotReference snapshot in kept.Distinct())
        {
            SnapshotReader reader = await SnapshotReader.OpenAsync(folder, snapshot.Key, snapshot.Sha256, cancellationToken).ConfigureAwait(false);
            needed.Add(snapshot.Key);
            needed.UnionWith(reader.Manifest.Packs.Select(static p => p.Key));
        }

        return needed;
    }

    static long? TermOf(string key) => Disposable().Match(key) is { Success: true } match ? long.Parse(match.Groups["term"].Value, CultureInfo.InvariantCulture) : null;

    static string AttemptOf(string key) => Disposable().Match(key).Groups["attempt"].Value;

    [GeneratedRegex(@"\A(packs/(?<attempt>(?<term>\d{1,18})\.\d{1,18})-\d+-\d+\.\d+-[0-9A-Za-z]+|checkpoints/\d{1,18}-(?<attempt>(?<term>\d{1,18})\.\d{1,18})/_metadata)\z")]
    private static partial Regex Disposable();

    [GeneratedRegex(@"\A(HEAD|terms/\d+|ledger/\d+/\d+)\z")]
    private static partial Regex Ledger();
}
