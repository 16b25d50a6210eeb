using System.Globalization;
using System.Text;
using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// Ends what earlier deployments left staged, without listing: every deployment notes itself under the next number before its writers are opened,
/// and each of its instances keeps the range of what it may have staged.
/// </summary>
internal sealed class StagedLeftovers(IObjectStore store, SinkKeys keys, SinkContext context, IReadOnlyList<ObjectPrepared> owed, StoreRetry retry)
{
    const int DeletesAtOnceMax = 16;

    readonly HashSet<string> _owed = [.. owed.SelectMany(static p => p.Pieces).Select(static p => p.Staged)];
    readonly Noted _self = new(context.Attempt, SinkKeys.Tag(context), context.Parallelism);

    /// <summary>Does it. May be repeated.</summary>
    public async ValueTask EndAsync(CancellationToken cancellationToken)
    {
        int floor = await ReadFloorAsync(cancellationToken).ConfigureAwait(false);
        int number = floor, ended = floor;
        bool isNoted = false;
        for (; await TryReadAsync(number, cancellationToken).ConfigureAwait(false) is { } deployment; number++)
        {
            isNoted |= deployment == _self;
            bool isEnded = deployment.IsBefore(_self) && await EndAsync(deployment, cancellationToken).ConfigureAwait(false);
            if (isEnded && ended == number) ended++;
        }

        if (!isNoted) await NoteAsync(number, cancellationToken).ConfigureAwait(false);
        if (ended == floor) return;
        byte[] hint = Encoding.UTF8.GetBytes(ended.ToString(CultureInfo.InvariantCulture));
        await store.PutAsync(keys.Floor(context), hint, cancellationToken).ConfigureAwait(false);
    }

    async ValueTask<int> ReadFloorAsync(CancellationToken cancellationToken)
    {
        string key = keys.Floor(context);
        if (await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is not { } content) return 0;
        return int.TryParse(Encoding.UTF8.GetString(content), NumberStyles.None, CultureInfo.InvariantCulture, out int floor)
            ? floor
            : throw new InvalidDataException($"{key} in {store.Address} is no number: it was changed. Delete it; the start is then a little slower, once.");
    }

    async ValueTask<Noted?> TryReadAsync(int number, CancellationToken cancellationToken)
    {
        string key = keys.Deployment(context, number);
        if (await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is not { } content) return null;
        return Noted.TryParse(Encoding.UTF8.GetString(content)) ?? throw new InvalidDataException(
            $"{key} in {store.Address} does not name a deployment, as '1.2 0123456789abcdef 3' would: it was changed. Restore it, or give the sink another prefix.");
    }

    async ValueTask NoteAsync(int number, CancellationToken cancellationToken)
    {
        byte[] content = Encoding.UTF8.GetBytes(_self.ToString());
        // A process that was paused may note itself at the same time; the number after it is as good.
        while (await store.PublishAsync(keys.Deployment(context, number), content, retry, cancellationToken).ConfigureAwait(false) is PublishOutcome.Theirs) number++;
    }

    /// <summary>Deletes what a deployment left. False when some of it is owed.</summary>
    async ValueTask<bool> EndAsync(Noted deployment, CancellationToken cancellationToken)
    {
        bool isEnded = true;
        for (int subtask = 0; subtask < deployment.Parallelism; subtask++)
            isEnded &= await EndAsync(keys.Range(context, deployment.Attempt, deployment.Tag, subtask), cancellationToken).ConfigureAwait(false);
        return isEnded;
    }

    async ValueTask<bool> EndAsync(string range, CancellationToken cancellationToken)
    {
        if (await StagingRange.TryReadAsync(store, range, cancellationToken).ConfigureAwait(false) is not var (first, end)) return true;
        string[] staged = [.. Enumerable.Range(first, end - first).Select(number => StagingRange.KeyOf(range, number))];
        foreach (string[] some in staged.Where(key => !_owed.Contains(key)).Chunk(DeletesAtOnceMax))
            await Task.WhenAll(some.Select(key => store.DeleteAsync(key, cancellationToken).AsTask())).ConfigureAwait(false);
        if (staged.Any(_owed.Contains)) return false;
        // The last, so that a crash in between leaves nothing nobody knows of.
        await store.DeleteAsync(range, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>A deployment as it noted itself.</summary>
    sealed record Noted(string Attempt, string Tag, int Parallelism)
    {
        public static Noted? TryParse(string text) =>
            text.Split(' ') is [var attempt, var tag, var instances] && int.TryParse(instances, NumberStyles.None, CultureInfo.InvariantCulture, out int parallelism)
                ? new(attempt, tag, parallelism)
                : null;

        /// <summary>Whether what this one left may be ended by another: it is earlier, or of another history altogether.</summary>
        public bool IsBefore(Noted other) => SinkContext.CompareAttempts(Attempt, other.Attempt) is var order && (order < 0 || (order == 0 && Tag != other.Tag));

        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Attempt} {Tag} {Parallelism}");
    }
}
