using Millrace.Storage;

namespace Millrace.State.Snapshots;

/// <summary>One pack being written. Appends come from the threads of its runs, one at a time by the gate of its writer.</summary>
/// <param name="key">Its key, relative.</param>
/// <param name="number">Its position among the packs of the writer.</param>
/// <param name="upload">Owned.</param>
sealed class PackFile(string key, int number, PackUpload upload) : IAsyncDisposable
{
    readonly List<PackSection> _sections = [];

    /// <summary>Its position among the packs of the writer.</summary>
    public int Number => number;

    /// <summary>Bytes so far.</summary>
    public long Length => upload.Length;

    /// <summary>Begins a pack.</summary>
    public static async ValueTask<PackFile> BeginAsync(IObjectStore store, string folder, string key, int number, CancellationToken cancellationToken)
    {
        PackUpload upload = new(await store.BeginUploadAsync(folder + key, cancellationToken).ConfigureAwait(false));
        byte[] header = new byte[PackFormat.HeaderBytes];
        PackFormat.WriteHeader(header);
        await upload.AppendAsync(header, cancellationToken).ConfigureAwait(false);
        return new PackFile(key, number, upload);
    }

    /// <summary>Adds a block.</summary>
    /// <returns>Where it begins.</returns>
    public async ValueTask<long> AppendAsync(ReadOnlyMemory<byte> block, CancellationToken cancellationToken)
    {
        long offset = upload.Length;
        await upload.AppendAsync(block, cancellationToken).ConfigureAwait(false);
        return offset;
    }

    /// <summary>Adds the section of a run whose blocks are all appended. Any thread.</summary>
    /// <returns>Its position.</returns>
    public int Add(PackSection section)
    {
        // Guards the list; sections are added when runs end, on the runs' own threads.
        lock (_sections)
        {
            _sections.Add(section);
            return _sections.Count - 1;
        }
    }

    /// <summary>Writes the footer and makes the pack visible and durable.</summary>
    public async ValueTask<PackEntry> CompleteAsync(PackOrigin origin, CancellationToken cancellationToken)
    {
        byte[] footer = PackFooter.Write(_sections);
        Invariant.That(footer.Length <= PackFormat.FooterBytesMax, "a pack has fewer blocks than its footer could hold");
        byte[] trailer = new byte[PackFormat.TrailerBytes];
        PackFormat.WriteTrailer(trailer, footer.Length);
        long footerOffset = upload.Length;
        await upload.AppendAsync(footer, cancellationToken).ConfigureAwait(false);
        await upload.AppendAsync(trailer, cancellationToken).ConfigureAwait(false);
        await upload.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return new PackEntry(key, upload.Length, footerOffset, BlockDigest.Text(footer), origin.Attempt, About(origin));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => upload.DisposeAsync();

    string About(PackOrigin origin)
    {
        IEnumerable<string> states = _sections
            .Select(static s => $"{s.OperatorId}/{s.StateName}").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return $"rows written by worker {origin.Worker} for checkpoint {origin.Snapshot}: {string.Join(", ", states)}";
    }
}

/// <summary>The place of one run in a pack. Used by the thread of the run.</summary>
/// <param name="file">The pack.</param>
/// <param name="gate">Lets one thread at a time append to packs.</param>
sealed class PackRun(PackFile file, SemaphoreSlim gate)
{
    readonly List<PackBlock> _blocks = [];

    /// <summary>The position of the pack.</summary>
    public int Pack => file.Number;

    /// <summary>Bytes of the run so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Appends blocks, which are borrowed until completion.</summary>
    public async ValueTask AppendAsync(List<SealedBlock> blocks, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach ((byte[] bytes, PackBlock block) in blocks)
            {
                long offset = await file.AppendAsync(bytes.AsMemory(0, block.StoredLength), cancellationToken).ConfigureAwait(false);
                _blocks.Add(block with { Offset = offset });
                Bytes += block.StoredLength;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Ends the run.</summary>
    /// <returns>The position of its section.</returns>
    public int Complete(RunDescription run, long rows, long deletions) => file.Add(new PackSection
    {
        OperatorId = run.OperatorId,
        StateName = run.Schema.Name,
        SchemaDigest = SchemaDigest.Of(run.Schema),
        Range = run.Range,
        IsFull = run.IsFull,
        Snapshot = run.Snapshot,
        Base = run.Base,
        DroppedBelow = run.DroppedBelow,
        Rows = rows,
        Deletions = deletions,
        Blocks = _blocks,
    });
}
