using Millrace.Engine;

namespace Millrace;

/// <summary>
/// Where a function emits. Valid during the call only (a <c>ref struct</c> cannot be kept). Emitting never blocks: what one call
/// emits beyond the room of the current batch is kept, counted, and sent before the function is called again.
/// </summary>
/// <typeparam name="T">The type emitted.</typeparam>
public readonly ref struct Output<T>
{
    readonly OutputBuffer<T> _buffer;
    readonly Timestamp _timestamp;

    /// <summary>An output whose records carry <paramref name="timestamp"/> unless told otherwise. Made by the engine and the test kit.</summary>
    /// <param name="buffer">Borrowed for the call.</param>
    /// <param name="timestamp">The timestamp of what caused the call.</param>
    [System.Diagnostics.CodeAnalysis.Experimental(Experiments.Engine)]
    public Output(OutputBuffer<T> buffer, Timestamp timestamp)
    {
        _buffer = buffer;
        _timestamp = timestamp;
    }

    /// <summary>Emits a record with the timestamp of the record or timer that caused the call.</summary>
    public void Emit(T value) => _buffer.Add(value, _timestamp);

    /// <summary>Emits a record with a timestamp of its own. One behind the current watermark may be late downstream.</summary>
    public void Emit(T value, Timestamp timestamp) => _buffer.Add(value, timestamp);

    /// <summary>Emits to a side output, with the timestamp of the record or timer that caused the call.</summary>
    /// <param name="side">The side output. Without a consumer the record is dropped and counted as <c>sideOutputUnread</c>.</param>
    /// <param name="value">The record.</param>
    public void EmitTo<TSide>(SideOutput<TSide> side, TSide value) => _buffer.AddSide(side, value, _timestamp);
}
