using Millrace.Engine;
using Millrace.Runtime.Exchange;

namespace Millrace.Runtime.Tasks;

/// <summary>An output of a cell: the link it fills and the buffer user code emits into.</summary>
public interface IOutputPort
{
    /// <summary>Points the buffer at the link's empty batch and brings along what did not fit last time; false when that fills it.</summary>
    bool Begin();

    /// <summary>Hands what was emitted to the readers.</summary>
    void End();

    /// <summary>Sends a watermark after the records.</summary>
    void SetWatermark(Timestamp watermark, bool isExact);

    /// <summary>Sends a signal after the watermark.</summary>
    void SetSignal(ChannelSignal signal);

    /// <summary>Sends a barrier after the signal.</summary>
    void SetBarrier(Barrier barrier);

    /// <summary>Whether records wait that did not fit.</summary>
    bool HasOverdraft { get; }

    /// <summary>Whether records wait to be handed over.</summary>
    bool HasRecords { get; }

    /// <summary>Whether the readers are not done.</summary>
    bool IsFull { get; }

    /// <summary>Records emitted in all.</summary>
    long RecordsTotal { get; }

    /// <summary>Side outputs: the object users emit to.</summary>
    SidePort? Side { get; }
}

/// <summary>An output of a cell.</summary>
/// <typeparam name="T">The record type.</typeparam>
/// <param name="link">The link it fills.</param>
/// <param name="side">The <see cref="SideOutput{T}"/>; null for a main output.</param>
public sealed class OutputPort<T>(Link<T> link, object? side) : IOutputPort
{
    /// <summary>What user code emits into.</summary>
    public OutputBuffer<T> Buffer { get; } = new();

    /// <summary>The link it fills.</summary>
    public Link<T> Link => link;

    /// <inheritdoc/>
    public bool HasOverdraft => Buffer.HasOverdraft;

    /// <inheritdoc/>
    public bool HasRecords => Buffer.Count > 0 || Buffer.HasOverdraft;

    /// <inheritdoc/>
    public bool IsFull => link.IsFull;

    /// <inheritdoc/>
    public long RecordsTotal => link.RecordsTotal;

    /// <inheritdoc/>
    public SidePort? Side => side is null ? null : new SidePort(side, Buffer);

    /// <inheritdoc/>
    public bool Begin()
    {
        Batch<T> batch = link.Batch;
        Buffer.Bind(batch.Values, batch.Timestamps, batch.Count, batch.Values.Length);
        return Buffer.DrainOverdraft();
    }

    /// <inheritdoc/>
    public void End()
    {
        link.Batch.Count = Buffer.Count;
        link.Publish();
    }

    /// <inheritdoc/>
    public void SetWatermark(Timestamp watermark, bool isExact)
    {
        if (!link.HasTimestamps) return;
        link.Batch.Watermark = watermark;
        link.Batch.IsWatermarkExact = isExact;
    }

    /// <inheritdoc/>
    public void SetSignal(ChannelSignal signal) => link.Batch.Signal = signal;

    /// <inheritdoc/>
    public void SetBarrier(Barrier barrier) => link.Batch.Barrier = barrier;
}
