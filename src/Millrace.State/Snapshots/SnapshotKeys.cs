using System.Globalization;

namespace Millrace.State.Snapshots;

/// <summary>The names of a snapshot's objects, in one place. All are relative, so that any folder can be copied or moved.</summary>
public static class SnapshotKeys
{
    /// <summary>In the folder of a savepoint: a job has claimed it, and deletes it once it does not need it any more.</summary>
    public const string ClaimMarker = "_claimed";

    /// <summary>The last part of every manifest's key.</summary>
    public const string ManifestName = "_metadata";

    /// <summary>The folder of packs.</summary>
    public const string PackFolder = "packs";

    /// <summary>Longest key in characters; S3 allows 1,024 bytes, prefix included.</summary>
    public const int LengthMax = 512;

    /// <summary>The manifest of a checkpoint, relative to the root of the job: <c>checkpoints/17-3.4/_metadata</c>.</summary>
    /// <param name="id">The id of the checkpoint.</param>
    /// <param name="attempt">The deployment that took it.</param>
    public static string Manifest(long id, AttemptId attempt) => string.Create(CultureInfo.InvariantCulture, $"checkpoints/{id}-{attempt}/{ManifestName}");

    /// <summary>A pack, relative to the root of the job or the folder of the savepoint: <c>packs/3.4-0-17.0-5eed</c>.</summary>
    /// <param name="origin">Who writes it.</param>
    /// <param name="part">Which of the packs of one worker and snapshot; from 0.</param>
    public static string Pack(PackOrigin origin, int part) =>
        string.Create(CultureInfo.InvariantCulture, $"{PackFolder}/{origin.Attempt}-{origin.Worker}-{origin.Snapshot}.{part}-{origin.Nonce}");

    /// <summary>The name of the folder of a savepoint: <c>revenue-17-3.4</c>.</summary>
    /// <param name="job">The name of the job; what cannot be in a key becomes <c>_</c>.</param>
    /// <param name="id">The id of the checkpoint.</param>
    /// <param name="attempt">The deployment that took it.</param>
    public static string SavepointFolder(string job, long id, AttemptId attempt)
    {
        string name = string.Concat(job.Select(static c => IsPartCharacter(c) ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"{name}-{id}-{attempt}");
    }

    /// <summary>What the keys of a snapshot's packs are relative to: a prefix, empty or ending in <c>/</c>.</summary>
    /// <param name="manifestKey">The key of the manifest, in the store.</param>
    /// <param name="kind">What the snapshot is made for: packs of a checkpoint are found from the root of its job, two folders up.</param>
    /// <exception cref="ArgumentException">The key is not one of a manifest of this kind.</exception>
    public static string BaseOf(string manifestKey, SnapshotKind kind)
    {
        string[] parts = manifestKey.Split('/');
        int own = kind == SnapshotKind.Checkpoint ? 3 : 1;
        bool fits = parts[^1] == ManifestName && (kind == SnapshotKind.Savepoint || (parts.Length >= own && parts[^own] == "checkpoints"));
        if (!fits)
        {
            string shape = kind == SnapshotKind.Checkpoint ? $"checkpoints/<id>-<attempt>/{ManifestName}" : ManifestName;
            throw new ArgumentException($"'{manifestKey}' is not where a {Text(kind)} is found: its key ends in {shape}.", nameof(manifestKey));
        }

        return parts.Length == own ? "" : string.Join('/', parts[..^own]) + "/";
    }

    /// <summary>Tells the root of a snapshot's files and the key of its manifest within it from the address of its folder.</summary>
    /// <param name="address">The folder, or the <c>_metadata</c> in it; options after <c>?</c> are kept.</param>
    /// <returns>
    /// For a checkpoint the root is that of its job, two folders up, where its packs are; a savepoint has everything inside its own folder.
    /// </returns>
    public static (string Root, string Key) Locate(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        const string Part = "/" + ManifestName, Checkpoints = "/checkpoints/";
        int question = address.IndexOf('?', StringComparison.Ordinal);
        string path = (question < 0 ? address : address[..question]).TrimEnd('/'), options = question < 0 ? "" : address[question..];
        if (path.EndsWith(Part, StringComparison.Ordinal)) path = path[..^Part.Length];
        int at = path.LastIndexOf(Checkpoints, StringComparison.Ordinal);
        bool isCheckpoint = at >= 0 && path.IndexOf('/', at + Checkpoints.Length) < 0;
        return isCheckpoint ? (path[..at] + options, path[(at + 1)..] + Part) : (path + options, ManifestName);
    }

    /// <summary>Whether a text can be a key: parts of letters, digits and <c>. _ -</c> between slashes, none of them <c>.</c> or <c>..</c>.</summary>
    /// <param name="key">Any text.</param>
    public static bool IsKey(string key) => key.Length is > 0 and <= LengthMax && key.Split('/').All(IsPart);

    internal static string Text(SnapshotKind kind) => kind == SnapshotKind.Savepoint ? "savepoint" : "checkpoint";

    static bool IsPart(string part) => part.Length > 0 && part != "." && part != ".." && part.All(IsPartCharacter);

    static bool IsPartCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-';
}

/// <summary>Who writes packs, and for which snapshot: together the name that nobody else's pack has.</summary>
/// <param name="Attempt">The deployment.</param>
/// <param name="Worker">The worker; from 0.</param>
/// <param name="Snapshot">The id of the checkpoint.</param>
/// <param name="Nonce">Chance, chosen once per process: letters and digits. Tells apart processes that wrongly share the rest.</param>
public sealed record PackOrigin(AttemptId Attempt, int Worker, long Snapshot, string Nonce);
