namespace Millrace.Storage;

/// <summary>Writing where it has to be known what became of it.</summary>
public static class StoreWrites
{
    /// <summary>
    /// Creates an object and settles the outcome: repeats the same bytes while the store's answer is unknown, and reads back what is there when
    /// the key has an object already. Two writers of identical bytes are both told <see cref="PublishOutcome.Ours"/>, so content that
    /// decides something carries who wrote it.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="content">All of it. Borrowed until completion.</param>
    /// <param name="retry">How long.</param>
    /// <param name="cancellationToken">After cancellation the outcome is unknown: the object may exist, now or later.</param>
    /// <exception cref="StoreUnavailableException">
    /// It stayed unknown for the time allowed, or the store refuses for a reason that waiting does not mend. Unless
    /// <see cref="StoreUnavailableException.IsUnchanged"/> the object may exist, now or later.
    /// </exception>
    public static async ValueTask<PublishOutcome> PublishAsync(
        this IObjectStore store, string key, ReadOnlyMemory<byte> content, StoreRetry retry, CancellationToken cancellationToken)
    {
        StoreRetry.Attempts attempts = retry.Begin();
        StoreUnavailableException? last = null;
        bool mayExist = false;
        do
        {
            try
            {
                CreateOutcome outcome = await store.CreateAsync(key, content, cancellationToken).ConfigureAwait(false);
                if (outcome == CreateOutcome.Created) return new PublishOutcome.Ours();
                // Where it existed and is gone when it is read, nothing is known of where an earlier attempt of ours went.
                mayExist = true;
                if (outcome == CreateOutcome.Exists && await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is { } found)
                    return found.AsSpan().SequenceEqual(content.Span) ? new PublishOutcome.Ours() : new PublishOutcome.Theirs(found);
            }
            catch (StoreUnavailableException refused) when (mayExist || !refused.IsUnchanged)
            {
                // Even an attempt that surely changed nothing leaves open what an earlier one did, and waiting may settle that.
                mayExist = true;
                last = refused;
            }
        }
        while (await attempts.PauseAsync(cancellationToken).ConfigureAwait(false));

        string why = $"{attempts} without an answer that settles it, so the object may exist, now or later; check that the store is up and reachable";
        throw new StoreUnavailableException(store.Address, $"creating {key}", last is null ? why : $"{why} ({last.Message})", last);
    }
}
