using System.Globalization;
using System.Text;
using Millrace.Storage;

namespace Millrace.Connectors.Files;

/// <summary>
/// The numbers under which one instance may have objects staged, kept in an object of its own, which is written before the first object of
/// a block of numbers is staged: so that whoever cleans up after a crash need not list. Thread-safe.
/// </summary>
/// <param name="store">The store.</param>
/// <param name="key">The key of the range; written by nobody but this instance.</param>
/// <param name="joins">Whether objects are joined from pieces of several checkpoints, about which there are notes.</param>
internal sealed class StagingRange(IObjectStore store, string key, bool joins)
{
    /// <summary>How many numbers are taken at a time. More make fewer writes, and more deletions of nothing after a crash.</summary>
    const int BlockNumbers = 16;
    const string Joined = "joined";

    readonly SemaphoreSlim _turn = new(1); // Guards the range while it is written.
    int _first, _end, _prepared;

    /// <summary>The key of a staged object.</summary>
    public static string KeyOf(string range, int number) => $"{range}-{number.ToString("D6", CultureInfo.InvariantCulture)}";

    /// <inheritdoc cref="KeyOf(string, int)"/>
    public string KeyOf(int number) => KeyOf(key, number);

    /// <summary>What a range says: the first number, the one after the last, and whether there may be notes; null when nothing was staged.</summary>
    /// <exception cref="InvalidDataException">It was not written by a sink.</exception>
    public static async ValueTask<(int First, int End, bool IsJoined)?> TryReadAsync(IObjectStore store, string key, CancellationToken cancellationToken)
    {
        if (await store.TryGetAsync(key, cancellationToken).ConfigureAwait(false) is not { } content) return null;
        return Encoding.UTF8.GetString(content).Split(' ') is [var first, var end, .. var words] && words is [] or [Joined]
            && int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int from)
            && int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out int to)
            ? (from, to, words.Length > 0)
            : throw new InvalidDataException($"{key} in {store.Address} is no range of staged objects, such as '0 16': it was changed. Delete it; objects staged beside it are then left.");
    }

    /// <summary>Says that all objects before a number have been staged, so that those that are gone are committed.</summary>
    public void SetPrepared(int end) => Volatile.Write(ref _prepared, end);

    /// <summary>Completes when the store knows that there may be an object of the number.</summary>
    public async ValueTask ReserveAsync(int number, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (number < _end) return;
            int first = await FindFirstAsync(cancellationToken).ConfigureAwait(false);
            int end = number - (number % BlockNumbers) + BlockNumbers;
            await store.PutAsync(key, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{first} {end}{(joins ? $" {Joined}" : "")}")), cancellationToken).ConfigureAwait(false);
            (_first, _end) = (first, end);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// The first staged object that is not committed yet. Parts are committed in order, so it is found by halving. Of a part that is being
    /// committed some may be gone and others not: should that be cut short, the part is owed, and is committed again. Pieces that are joined go when
    /// their object is complete, which has no order, so they are looked at one after the other.
    /// </summary>
    async ValueTask<int> FindFirstAsync(CancellationToken cancellationToken)
    {
        int low = _first, high = Volatile.Read(ref _prepared);
        while (joins && low < high && await store.TryGetLengthAsync(KeyOf(low), cancellationToken).ConfigureAwait(false) is null) low++;
        if (joins) return low;
        while (low < high)
        {
            int middle = low + ((high - low) / 2);
            if (await store.TryGetLengthAsync(KeyOf(middle), cancellationToken).ConfigureAwait(false) is null) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
