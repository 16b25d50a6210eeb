namespace Millrace;

/// <summary>
/// A stateless function of any number of outputs per record. One instance per parallel task, called by one thread at a time.
/// Open resources with <see cref="IOpen"/>, release them with <see cref="IAsyncDisposable"/>.
/// </summary>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public interface IProcess<TIn, TOut>
{
    /// <summary>Called for each record, in the order of its channel.</summary>
    /// <param name="record">Valid during the call only.</param>
    /// <param name="output">Valid during the call only.</param>
    void OnRecord(in Record<TIn> record, Output<TOut> output);

    /// <summary>Called once when all input has ended, after the last record.</summary>
    /// <param name="output">Emits with the largest timestamp of this instance's records, none without event time. Valid during the call only.</param>
    void OnEnd(Output<TOut> output) { }
}

/// <summary>
/// A function over a keyed stream, with state and timers per key. Declare state handles and timers in the constructor, from the
/// <see cref="StateScope"/> given to the factory: the constructor also runs while the job is planned, so that all state is known
/// before anything starts. One instance per parallel task, called by one thread at a time.
/// </summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public interface IKeyedProcess<TKey, TIn, TOut>
{
    /// <summary>Called for each record; state handles are on the record's key.</summary>
    /// <param name="record">Valid during the call only.</param>
    /// <param name="output">Valid during the call only.</param>
    void OnRecord(in Record<TIn> record, Output<TOut> output);

    /// <summary>
    /// Called for each timer that is due; state handles are on the timer's key. Event timers fire in order of time when the
    /// watermark reaches them; timers set here that are already due fire in the same advance.
    /// </summary>
    /// <param name="firing">Valid during the call only.</param>
    /// <param name="output">Emits with the timer's timestamp (event time), or none (processing time).</param>
    void OnTimer(in Firing<TKey> firing, Output<TOut> output) { }
}

/// <summary>A function over the whole content of one window of one key. Prefer <c>Aggregate</c>, which keeps one value instead of all records.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <typeparam name="TIn">The record type read.</typeparam>
/// <typeparam name="TOut">The record type emitted.</typeparam>
public interface IWindowProcess<TKey, TIn, TOut>
{
    /// <summary>Called when the window fires: at its end, and again for each late record within the allowed lateness.</summary>
    /// <param name="window">Key, window and all its records in order of arrival within each slice of the window. Valid during the call only.</param>
    /// <param name="output">Emits with the window's last timestamp.</param>
    void OnWindow(in WindowContent<TKey, TIn> window, Output<TOut> output);
}
