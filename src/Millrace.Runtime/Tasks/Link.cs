using Millrace.Runtime.Exchange;
using Millrace.State;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// An edge inside a chain: holds at most one batch, published by the cell before it and released once every cell after it has used it
/// up. Owned by the chain's task.
/// </summary>
/// <typeparam name="T">The record type.</typeparam>
public sealed class Link<T>
{
    readonly List<Cell> _readers = [];
    int _reading;

    /// <summary>A link with a batch of its own, or none when batches come from channels.</summary>
    /// <param name="hasTimestamps">Whether the stream has event time.</param>
    /// <param name="owned">The batch it uses over and over.</param>
    public Link(bool hasTimestamps, Batch<T>? owned)
    {
        HasTimestamps = hasTimestamps;
        Batch = owned!;
    }

    /// <summary>Whether the stream has event time.</summary>
    public bool HasTimestamps { get; }

    /// <summary>The batch: filled by the cell before, read by those after.</summary>
    public Batch<T> Batch { get; set; }

    /// <summary>How many cells read it.</summary>
    public int ReaderCount => _readers.Count;

    /// <summary>Whether the batch is published and not used up.</summary>
    public bool IsFull => _reading != 0;

    /// <summary>Called when a published batch is used up, in place of emptying it.</summary>
    public Action<Batch<T>>? Released { get; set; }

    /// <summary>How many records went through.</summary>
    public long RecordsTotal { get; private set; }

    /// <summary>The newest watermark that went through.</summary>
    public Timestamp Watermark { get; private set; } = Timestamp.None;

    /// <summary>Event time begins where a snapshot left it, and never falls behind that. Before the first record.</summary>
    public void StartAt(Timestamp watermark)
    {
        if (watermark > Watermark) Watermark = watermark;
    }

    /// <summary>Declares a reader. Before the first record.</summary>
    public void AddReader(Cell reader) => _readers.Add(reader);

    /// <summary>Hands the batch to the readers; one that says nothing is kept.</summary>
    public void Publish()
    {
        if (Batch.IsEmpty) return;
        Invariant.That(_reading == 0, "a link is used up before it is filled again");
        RecordsTotal += Batch.Count;
        if (Batch.Watermark > Watermark) Watermark = Batch.Watermark;
        // A source whose splits had been idle begins behind where those after it were.
        else if (!Batch.Watermark.IsNone && Batch.Watermark < Watermark) Batch.Watermark = Batch.IsWatermarkExact ? Watermark : Timestamp.None;
        if (_readers.Count == 0)
        {
            Free();
            return;
        }

        _reading = _readers.Count;
        foreach (Cell reader in _readers) reader.HasInput = true;
    }

    /// <summary>A reader has used the batch up.</summary>
    public void Release()
    {
        if (--_reading == 0) Free();
    }

    void Free()
    {
        if (Released is null) Batch.Reset();
        else Released(Batch);
    }
}
