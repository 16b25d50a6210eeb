namespace Millrace.State.Tables;

/// <summary>What a snapshot has of one slice of a state.</summary>
/// <param name="range">The hashes.</param>
/// <param name="chain">The confirmed runs now, oldest first, which stay if nothing has changed.</param>
/// <param name="kept">Those of them that remain under the new run; none when it is full.</param>
/// <param name="number">The number of the new run in its chain.</param>
sealed class SlicePlan(KeyRange range, RunLink[] chain, RunLink[] kept, int number)
{
    /// <summary>Whether the run says everything.</summary>
    public readonly bool IsFull = kept.Length == 0;

    /// <summary>Rows that were last written in a later epoch are in the run.</summary>
    public readonly uint ChangedAfter = kept.Length == 0 ? 0 : kept[^1].Epoch;

    /// <summary>The epoch that ended with the newest confirmed run.</summary>
    public readonly uint Newest = chain.Length == 0 ? 0 : chain[^1].Epoch;

    /// <summary>Whether a row has changed since the newest confirmed run.</summary>
    public bool HasChanged;

    /// <summary>The hashes.</summary>
    public KeyRange Range => range;

    /// <summary>The snapshot the run says the changes since; zero for a full one.</summary>
    public long Base => IsFull ? 0 : kept[^1].Id;

    /// <summary>Whether it is written even if nothing has changed.</summary>
    public required bool IsWanted { get; init; }

    /// <summary>Marks of deletion of this epoch and earlier ones serve no later snapshot.</summary>
    public required uint NeededAfter { get; init; }

    /// <summary>The chain after the snapshot.</summary>
    /// <param name="isWritten">Whether there is a run of the slice in it.</param>
    /// <param name="id">The snapshot.</param>
    /// <param name="epoch">The epoch that ended with it.</param>
    public RunLink[] After(bool isWritten, long id, uint epoch) => isWritten ? [.. kept, new(id, epoch, number)] : chain;
}

/// <summary>A confirmed run of a slice.</summary>
/// <param name="Id">The snapshot.</param>
/// <param name="Epoch">The epoch that ended with it.</param>
/// <param name="Number">Its number in the chain.</param>
readonly record struct RunLink(long Id, uint Epoch, int Number);

/// <summary>What one snapshot has of a state: of all of it, or of eight equal slices.</summary>
/// <param name="id">The snapshot.</param>
/// <param name="owned">What the task owns.</param>
/// <param name="slices">The slices, in order of hash.</param>
sealed class CutPlan(long id, KeyRange owned, SlicePlan[] slices)
{
    /// <summary>Slices of a state that is not small.</summary>
    public const int SlicesMax = 8;

    const int SliceBits = 3;

    readonly uint _start = (uint)owned.Start;
    readonly ulong _scale = Scale(owned, slices.Length);

    /// <summary>The snapshot.</summary>
    public long Id => id;

    /// <summary>What the task owns.</summary>
    public KeyRange Owned => owned;

    /// <summary>The slices, in order of hash.</summary>
    public SlicePlan[] Slices => slices;

    /// <summary>The slice of a hash.</summary>
    public int SliceOf(uint hash) => (int)((ulong)(hash - _start) * _scale >> 32);

    /// <summary>The hashes of a slice.</summary>
    public static KeyRange RangeOf(KeyRange owned, int slice, int count)
    {
        if (count == 1) return owned;
        ulong scale = Scale(owned, count);
        return new(owned.Start + First(slice), slice + 1 == count ? owned.End : owned.Start + First(slice + 1));

        // The first hash whose product reaches the slice.
        long First(int of) => (long)((((ulong)of << 32) + scale - 1) / scale);
    }

    static ulong Scale(KeyRange owned, int count) => count == 1 ? 0 : (1UL << (32 + SliceBits)) / (ulong)owned.Size;
}
