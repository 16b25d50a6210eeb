namespace Millrace;

/// <summary>A timer that fires: whose, which, and for when. Valid during the call only.</summary>
/// <typeparam name="TKey">The key type.</typeparam>
/// <param name="key">The key the timer was set for; state handles are already on it.</param>
/// <param name="timestamp">The moment the timer was set for, not the moment it fires.</param>
/// <param name="timer">The timer handle of the function.</param>
public readonly ref struct Firing<TKey>(TKey key, Timestamp timestamp, IKeyedTimer timer)
{
    /// <summary>The key the timer was set for; state handles are already on it.</summary>
    public TKey Key { get; } = key;

    /// <summary>The moment the timer was set for, not the moment it fires.</summary>
    public Timestamp Timestamp { get; } = timestamp;

    /// <summary>The handle that fires: compare it with the function's own fields when there are several.</summary>
    public IKeyedTimer Timer { get; } = timer;
}
