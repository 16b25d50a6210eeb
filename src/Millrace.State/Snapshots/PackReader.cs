using System.Buffers.Binary;
using Millrace.State.Codecs;
using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>
/// A pack that is read. Opening it costs one ranged read; runs cost one for about each megabyte of the blocks they need. Nothing that comes out
/// is unverified: the manifest has the hash of the footer, the footer those of the blocks. Immutable and thread-safe; runs are read side by side.
/// </summary>
public sealed class PackReader
{
    // Memory for a footer grows as it arrives, so that a wrong length in a manifest costs no more than one piece.
    const int FooterPieceBytes = 4 << 20;

    readonly IObjectStore _store;
    readonly string _key;

    PackReader(IObjectStore store, string key, PackEntry entry, IReadOnlyList<PackSection> sections)
    {
        _store = store;
        _key = key;
        Entry = entry;
        Sections = sections;
    }

    /// <summary>What the manifest says of it.</summary>
    public PackEntry Entry { get; }

    /// <summary>Its runs.</summary>
    public IReadOnlyList<PackSection> Sections { get; }

    /// <summary>Opens a pack and verifies its footer.</summary>
    /// <param name="store">Borrowed for as long as the pack is read.</param>
    /// <param name="folder">What its key is relative to, in the store: a prefix, empty or ending in <c>/</c>.</param>
    /// <param name="entry">What the manifest says of it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="SnapshotCorruptException">It is missing, too short, or its footer is not the one the manifest names.</exception>
    /// <exception cref="NewerFormatException">It has a newer format.</exception>
    /// <exception cref="StoreUnavailableException">The store did not answer for longer than it is retried.</exception>
    public static async ValueTask<PackReader> OpenAsync(IObjectStore store, string folder, PackEntry entry, CancellationToken cancellationToken)
    {
        PackSite site = new(entry.Key);
        byte[] end = await ReadEndAsync(store, folder + entry.Key, entry, site, cancellationToken).ConfigureAwait(false);
        return new PackReader(store, folder + entry.Key, entry, ReadFooter(end, entry, site));
    }

    /// <summary>Reads the run that an entry of the manifest names, once it is sure to be that one.</summary>
    /// <param name="operatorId">The operator that has the state.</param>
    /// <param name="schema">The state.</param>
    /// <param name="run">The entry.</param>
    /// <param name="range">The rows wanted; the entry's own range bounds them further.</param>
    /// <param name="droppedBelow">Rows with a lesser sub-key are left out (<see cref="DropRule.BoundsOf"/>); <see cref="long.MinValue"/> for none.</param>
    /// <returns>To be disposed of by the caller.</returns>
    /// <exception cref="SnapshotCorruptException">The section is that of another run.</exception>
    public IRunReader OpenRun(string operatorId, StateSchema schema, RunEntry run, KeyRange range, long droppedBelow = long.MinValue)
    {
        Check(operatorId, schema, run);
        return OpenRun(run.Section, run.Range.Intersect(range), schema, droppedBelow);
    }

    /// <summary>Reads a section.</summary>
    /// <param name="section">Its position.</param>
    /// <param name="range">The rows wanted.</param>
    /// <returns>To be disposed of by the caller.</returns>
    public IRunReader OpenRun(int section, KeyRange range) => OpenRun(section, range, null, long.MinValue);

    /// <summary>Holds a section to what the manifest says of it.</summary>
    /// <param name="operatorId">The operator that has the state.</param>
    /// <param name="schema">The state.</param>
    /// <param name="run">The entry.</param>
    /// <exception cref="SnapshotCorruptException">The section is that of another run.</exception>
    public void Check(string operatorId, StateSchema schema, RunEntry run)
    {
        PackSite site = new(Entry.Key, operatorId, schema.Name);
        if (run.Section < 0 || run.Section >= Sections.Count) throw site.Damaged($"there is no section {run.Section}");
        PackSection section = Sections[run.Section];
        if (section.OperatorId != operatorId || section.StateName != schema.Name)
        {
            throw site.Damaged($"section {run.Section} has rows of state '{section.StateName}' of operator '{section.OperatorId}' instead");
        }

        // The range of the entry may be narrower: what remains of a run after others took over a part of its slice.
        bool same = section.SchemaDigest == SchemaDigest.Of(schema) && section.Range.Contains(run.Range) && section.IsFull == run.IsFull
            && section.Snapshot == run.Snapshot && section.Base == run.Base && section.DroppedBelow == run.DroppedBelow
            && section.Rows == run.Rows && section.Deletions == run.Deletions;
        if (!same) throw site.Damaged($"section {run.Section} is another run than the manifest describes");
    }

    IRunReader OpenRun(int number, KeyRange range, StateSchema? schema, long droppedBelow)
    {
        PackSection section = Sections[number];
        PackBlock[] blocks = [.. section.Blocks.Where(b => b.FirstHash < range.End && b.LastHash >= range.Start)];
        PackSite site = new(Entry.Key, section.OperatorId, section.StateName);
        return new RunReader(site, new BlockFetcher(_store, _key, site, blocks), range, schema, droppedBelow);
    }

    static async ValueTask<byte[]> ReadEndAsync(
        IObjectStore store, string key, PackEntry entry, PackSite site, CancellationToken cancellationToken)
    {
        long length = entry.Length - entry.FooterOffset;
        bool fits = entry.FooterOffset >= PackFormat.HeaderBytes && length > PackFormat.TrailerBytes
            && length <= PackFormat.FooterBytesMax + PackFormat.TrailerBytes;
        if (!fits) throw site.Damaged($"a pack of {entry.Length} bytes cannot have its footer at byte {entry.FooterOffset}");
        byte[] end = new byte[Math.Min(length, FooterPieceBytes)];
        try
        {
            await store.ReadAsync(key, entry.FooterOffset, end, cancellationToken).ConfigureAwait(false);
            while (end.Length < length)
            {
                int have = end.Length;
                Array.Resize(ref end, (int)Math.Min(length, have * 2L));
                await store.ReadAsync(key, entry.FooterOffset + have, end.AsMemory(have), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ObjectMissingException e)
        {
            throw site.Damaged($"it {e.What}", e);
        }

        return end;
    }

    static IReadOnlyList<PackSection> ReadFooter(byte[] end, PackEntry entry, PackSite site)
    {
        ReadOnlySpan<byte> footer = end.AsSpan(0, end.Length - PackFormat.TrailerBytes), trailer = end.AsSpan(footer.Length);
        if (!trailer[8..].SequenceEqual(PackFormat.EndMagic)) throw site.Damaged("it does not end as a pack does");
        if (BinaryPrimitives.ReadInt64LittleEndian(trailer) != footer.Length) throw site.Damaged("its footer has another length than the manifest says");
        if (BlockDigest.Text(footer) != entry.FooterSha256) throw site.Damaged("its footer has another hash than the manifest says");
        try
        {
            return PackFooter.Read(footer, entry);
        }
        catch (CorruptDataException e)
        {
            throw site.Damaged($"its footer cannot be read: {e.Message}", e);
        }
    }
}
