using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Millrace.Runtime.Exchange;
using Millrace.State.Codecs;

namespace Millrace.Runtime.Tasks;

/// <summary>
/// The splits that the leader has given to the readers of one source in this process. The leader's messages are in order, so what was given
/// before a barrier is read, or waits here, when that barrier comes, and is in the reader's part of the snapshot. Thread-safe: the leader's
/// side is one thread at a time, and so is each reader's.
/// </summary>
/// <param name="isBounded">Whether the source is bounded: then a reader without a split asks for one.</param>
/// <param name="readers">How many readers there are, here and elsewhere.</param>
/// <param name="ask">Asks the leader on behalf of a reader.</param>
sealed class SplitInbox<TSplit>(bool isBounded, int readers, Action<int> ask) : ISplitSupply<TSplit>, ISplitInbox where TSplit : ISplit
{
    readonly Place[] _places = [.. Enumerable.Range(0, readers).Select(static _ => new Place())];
    volatile bool _allAssigned;

    /// <inheritdoc/>
    public bool AllAssigned => _allAssigned;

    /// <inheritdoc/>
    public void Bind(int reader, INotifiable task) => _places[reader].Task = task;

    /// <inheritdoc/>
    public bool TryTake(int reader, long lastBarrier, [NotNullWhen(true)] out SplitPosition<TSplit>? split, out bool isComplete)
    {
        Place place = _places[reader];
        // Looked at before the line: what was given last was given before it ended.
        bool hasEnded = place.HasEnded;
        split = null;
        if (place.Line.TryPeek(out Given given))
        {
            isComplete = false;
            // Its barrier is on its way to the reader, which asks again once that has passed.
            if (given.After > lastBarrier) return false;
            place.Line.TryDequeue(out _);
            place.HasAsked = false;
            split = given.Split;
            isComplete = hasEnded && place.Line.IsEmpty;
            return true;
        }

        isComplete = hasEnded;
        if (!isBounded || hasEnded || place.HasAsked) return false;
        place.HasAsked = true;
        ask(reader);
        return false;
    }

    /// <inheritdoc/>
    public void Give(int reader, ReadOnlySpan<byte> split, long after) =>
        _places[reader].Line.Enqueue(new(Codec.Of<SplitPosition<TSplit>>().Decode(split), after));

    /// <inheritdoc/>
    public void End(int reader) => _places[reader].HasEnded = true;

    /// <inheritdoc/>
    public void OnAllAssigned() => _allAssigned = true;

    /// <inheritdoc/>
    public void Wake(int reader) => _places[reader].Task?.Notify();

    /// <inheritdoc/>
    public void WakeAll()
    {
        foreach (Place place in _places) place.Task?.Notify();
    }

    readonly record struct Given(SplitPosition<TSplit> Split, long After);

    /// <summary>One reader's.</summary>
    sealed class Place
    {
        volatile bool _hasEnded;

        public ConcurrentQueue<Given> Line { get; } = new();

        public INotifiable? Task { get; set; }

        public bool HasEnded
        {
            get => _hasEnded;
            set => _hasEnded = value;
        }

        // The reader's alone.
        public bool HasAsked { get; set; }
    }
}

/// <summary>The leader's side of a <see cref="SplitInbox{TSplit}"/>. Used by one thread at a time.</summary>
interface ISplitInbox
{
    /// <summary>A split for a reader.</summary>
    /// <param name="reader">The reader's index.</param>
    /// <param name="split">The split and where to begin, encoded.</param>
    /// <param name="after">The last barrier that was triggered before it was given; zero for none.</param>
    void Give(int reader, ReadOnlySpan<byte> split, long after);

    /// <summary>There will never be another for a reader.</summary>
    void End(int reader);

    /// <summary>Every split is in the hands of a reader.</summary>
    void OnAllAssigned();

    /// <summary>There is news for a reader. Not before tasks run.</summary>
    void Wake(int reader);

    /// <summary>There is news for all readers. Not before tasks run.</summary>
    void WakeAll();
}
