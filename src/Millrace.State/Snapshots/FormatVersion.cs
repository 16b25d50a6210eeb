namespace Millrace.State.Snapshots;

/// <summary>The versions of what snapshots are made of. A version grows with every change that an older reader would misread.</summary>
public static class FormatVersion
{
    /// <summary>Of <c>_metadata</c>, as written; all from 1 on are read.</summary>
    public const int Manifest = 1;

    /// <summary>Of packs, as written; all from 1 on are read.</summary>
    public const int Pack = 1;
}

/// <summary>A file was written by a newer engine than this one. It is not damaged; nothing of it was read.</summary>
/// <param name="key">The object, as the manifest or the caller names it.</param>
/// <param name="version">The format version it has.</param>
/// <param name="newest">The newest that this engine reads.</param>
public sealed class NewerFormatException(string key, long version, int newest)
    : Exception($"{key} has format version {version}, and this engine reads versions up to {newest}: use the engine that wrote it, or a newer one")
{
    /// <summary>The object.</summary>
    public string Key => key;
}
