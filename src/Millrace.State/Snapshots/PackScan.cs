using System.Buffers;
using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>Goes through all bytes of a pack in order and verifies them.</summary>
/// <param name="store">Borrowed.</param>
/// <param name="folder">What the key of the pack is relative to.</param>
/// <param name="progress">Told the bytes read since the last call; may be null.</param>
sealed class PackScan(IObjectStore store, string folder, Action<long>? progress)
{
    /// <summary>Verifies the pack.</summary>
    /// <param name="entry">What the manifest says of it.</param>
    /// <param name="target">Is given every byte in order, after its hash was verified; null for none.</param>
    /// <param name="readRows">Whether every row is decoded, too.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="SnapshotCorruptException">The first damage found.</exception>
    public async ValueTask<PackReader> RunAsync(
        PackEntry entry, Func<ReadOnlyMemory<byte>, ValueTask>? target, bool readRows, CancellationToken cancellationToken)
    {
        PackSite site = new(entry.Key);
        string key = folder + entry.Key;
        long? length = await store.TryGetLengthAsync(key, cancellationToken).ConfigureAwait(false);
        if (length is null) throw site.Damaged($"it is not in {store.Address}");
        if (length != entry.Length) throw site.Damaged($"it has {length} bytes instead of {entry.Length}");
        PackReader pack = await PackReader.OpenAsync(store, folder, entry, cancellationToken).ConfigureAwait(false);
        await HeaderAsync(key, site, target, cancellationToken).ConfigureAwait(false);
        await BlocksAsync(pack, key, target, readRows, cancellationToken).ConfigureAwait(false);
        byte[] end = new byte[entry.Length - entry.FooterOffset];
        await ReadAsync(key, site, entry.FooterOffset, end, cancellationToken).ConfigureAwait(false);
        // Read a second time for the copy, so verified a second time.
        if (BlockDigest.Text(end.AsSpan(0, end.Length - PackFormat.TrailerBytes)) != entry.FooterSha256) throw site.Damaged("its footer changes while it is read");
        if (target is not null) await target(end).ConfigureAwait(false);
        progress?.Invoke(end.Length);
        return pack;
    }

    async ValueTask HeaderAsync(string key, PackSite site, Func<ReadOnlyMemory<byte>, ValueTask>? target, CancellationToken cancellationToken)
    {
        byte[] header = new byte[PackFormat.HeaderBytes], expected = new byte[PackFormat.HeaderBytes];
        PackFormat.WriteHeader(expected);
        await ReadAsync(key, site, 0, header, cancellationToken).ConfigureAwait(false);
        if (!header.AsSpan().SequenceEqual(expected)) throw site.Damaged("it does not begin as a pack does");
        if (target is not null) await target(header).ConfigureAwait(false);
        progress?.Invoke(header.Length);
    }

    async ValueTask BlocksAsync(
        PackReader pack, string key, Func<ReadOnlyMemory<byte>, ValueTask>? target, bool readRows, CancellationToken cancellationToken)
    {
        (int Section, PackBlock Block)[] blocks =
        [
            .. pack.Sections.SelectMany(static (s, number) => s.Blocks.Select(b => (number, b))).OrderBy(static p => p.b.Offset),
        ];
        PackSite site = new(pack.Entry.Key);
        await using BlockFetcher fetcher = new(store, key, site, [.. blocks.Select(static p => p.Block)]);
        SectionCheck[] checks = [.. pack.Sections.Select(s => new SectionCheck(new PackSite(pack.Entry.Key, s.OperatorId, s.StateName)))];
        foreach ((int section, PackBlock block) in blocks)
        {
            // As many blocks as were asked for arrive, or the fetcher throws.
            (_, ReadOnlyMemory<byte> bytes) = (await fetcher.NextAsync(cancellationToken).ConfigureAwait(false))!.Value;
            checks[section].Verify(block, bytes, readRows);
            if (target is not null) await target(bytes).ConfigureAwait(false);
            progress?.Invoke(bytes.Length);
        }

        for (int i = 0; readRows && i < checks.Length; i++) checks[i].End(pack.Sections[i]);
    }

    async ValueTask ReadAsync(string key, PackSite site, long offset, Memory<byte> destination, CancellationToken cancellationToken)
    {
        try
        {
            await store.ReadAsync(key, offset, destination, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectMissingException e)
        {
            throw site.Damaged($"it {e.What}", e);
        }
    }

    /// <summary>Verifies the blocks of one section, which come in order.</summary>
    sealed class SectionCheck(PackSite site)
    {
        readonly RowCursor _cursor = new(site);
        long _deletions;

        public void Verify(PackBlock block, ReadOnlyMemory<byte> stored, bool readRows)
        {
            BlockCheck.Digest(site, block, stored.Span);
            if (!readRows) return;
            byte[] raw = ArrayPool<byte>.Shared.Rent(block.RawLength);
            Memory<byte> rows = raw.AsMemory(0, block.RawLength);
            if (block.Codec == BlockCodec.Raw) stored.CopyTo(rows);
            else BlockCheck.Decompress(site, block, stored.Span, rows.Span);
            _cursor.Open(block, rows);
            while (_cursor.MoveNext()) if (_cursor.IsDeleted) _deletions++;
            ArrayPool<byte>.Shared.Return(raw);
        }

        public void End(PackSection section)
        {
            if (_deletions != section.Deletions) throw site.Damaged($"it has {_deletions} deletions where its footer counts {section.Deletions}");
        }
    }
}
