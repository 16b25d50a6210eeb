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
    const int ReadsAtOnceMax = 16;

    readonly HashSet<string> _owed = [.. owed.SelectMany(static p => p.Pieces).Select(static p => p.Staged)];

    // With what is owed they are longer: those whose last piece is owed are published by that, others by the deployment after this one.
    readonly HashSet<string> _owedObjects = [.. owed.SelectMany(static p => p.Pieces).Select(static p => p.Visible)];
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
        if (await StagingRange.TryReadAsync(store, range, cancellationToken).ConfigureAwait(false) is not var (first, end, isJoined)) return true;
        string[] staged = [.. Enumerable.Range(first, end - first).Select(number => StagingRange.KeyOf(range, number))];
        List<PieceNote> kept = isJoined ? await ReadKeptAsync(staged, cancellationToken).ConfigureAwait(false) : [];
        HashSet<string> needed = [.. staged.Where(_owed.Contains), .. kept.Where(p => _owedObjects.Contains(p.Visible)).Select(static p => p.Staged)];
        foreach (IGrouping<string, PieceNote> pieces in kept.Where(p => !needed.Contains(p.Staged)).GroupBy(static p => p.Visible))
            await PublishAsync(pieces.Key, [.. pieces.OrderBy(static p => p.Offset)], cancellationToken).ConfigureAwait(false);
        await ObjectJoin.DeleteAllAsync(store, [.. staged.Except(kept.Select(static p => p.Staged)).Where(key => !needed.Contains(key))], cancellationToken).ConfigureAwait(false);
        if (needed.Count > 0) return false;
        // The last, so that a crash in between leaves nothing nobody knows of.
        await store.DeleteAsync(range, cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>The pieces that were committed, and whose object was not complete.</summary>
    async ValueTask<List<PieceNote>> ReadKeptAsync(string[] staged, CancellationToken cancellationToken)
    {
        List<PieceNote> kept = [];
        foreach (string[] some in staged.Chunk(ReadsAtOnceMax))
            kept.AddRange((await Task.WhenAll(some.Select(key => PieceNote.TryReadAsync(store, key, cancellationToken).AsTask())).ConfigureAwait(false)).OfType<PieceNote>());
        return kept;
    }

    /// <summary>Publishes, as it is, an object that nobody completes any more, and deletes what was staged for it.</summary>
    async ValueTask PublishAsync(string visible, PieceNote[] pieces, CancellationToken cancellationToken)
    {
        long length = pieces[^1].Offset + pieces[^1].Length;
        // Notes are deleted from the first on, and only when the object is published.
        if (pieces[0].Offset == 0)
        {
            if (length != pieces.Sum(static p => p.Length))
                throw new InvalidDataException($"a piece of {visible} in {store.Address} is not noted below '_staged', though others before and after it are: it was changed. Restore it; rows that are committed are lost without it.");
            try
            {
                await ObjectJoin.CopyAsync(store, visible, [.. pieces.Select(static p => new StagedPiece(p.Staged, p.Length))], cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectExistsException)
            {
                await ObjectJoin.IsVisibleAsync(store, visible, length, cancellationToken).ConfigureAwait(false);
            }
        }

        await ObjectJoin.DeleteAsync(store, [.. pieces.Select(static p => p.Staged)], isNoted: true, cancellationToken).ConfigureAwait(false);
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
