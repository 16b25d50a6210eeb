using Millrace.Runtime.Messages;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Checkpoints;

/// <summary>When checkpoints are taken, how, and how many are kept. Immutable.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Failures in a row that are tolerated unless said otherwise.</summary>
    public const int DefaultToleratedFailures = 2;

    /// <summary>From the beginning of one checkpoint to that of the next. 10 ms to 24 hours. The default is ten seconds.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the end of one checkpoint to the beginning of the next, at least. Zero to 24 hours. The default is zero.</summary>
    public TimeSpan MinPause { get; init; } = TimeSpan.Zero;

    /// <summary>A checkpoint that is not complete after so long has failed. 100 ms to 24 hours. The default is ten minutes.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Checkpoints that may fail in a row before the job does. Zero or more. The default is two: a store that stutters costs time, and
    /// not a restart. One that succeeds resets the count; one that was superseded does not count.
    /// </summary>
    public int ToleratedFailures { get; init; } = DefaultToleratedFailures;

    /// <summary>Checkpoints under way at a time. 1 to 8; more than one only where barriers never overtake records. The default is one. Those asked for by hand wait for their turn.</summary>
    public int MaxConcurrent { get; init; } = 1;

    /// <summary>How barriers treat records in their way. The default is aligned, until <see cref="AlignTimeout"/>.</summary>
    public Alignment Alignment { get; init; } = Alignment.Aligned;

    /// <summary>
    /// An aligned barrier that waited so long overtakes the records in its way, where it can. More than zero, or infinite for never. The
    /// default is one second. Savepoints, stops and the final checkpoint are always aligned.
    /// </summary>
    public TimeSpan AlignTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Checkpoints kept to go on from. 1 to 100. The default is three.</summary>
    public int Retained { get; init; } = 3;

    /// <summary>Whether they are kept when the job is cancelled. The default is true.</summary>
    public bool IsRetainedOnCancel { get; init; } = true;

    /// <summary>Whether they are kept when the job gives up. The default is true; without them it can only begin anew.</summary>
    public bool IsRetainedOnFailure { get; init; } = true;

    /// <summary>When a pack of which less than half is needed is written again. Simulations have smaller ones than others.</summary>
    internal PackWear Wear { get; init; } = PackWear.Default;

    /// <summary>Whether barriers may overtake records: at once, or after a time.</summary>
    public bool MayOvertake => Alignment == Alignment.Unaligned || (Alignment == Alignment.Aligned && AlignTimeout != System.Threading.Timeout.InfiniteTimeSpan);

    /// <summary>Checks the ranges, once.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and the range.</exception>
    public CheckpointOptions Validated()
    {
        Require(nameof(Interval), Interval, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(24));
        Require(nameof(MinPause), MinPause, TimeSpan.Zero, TimeSpan.FromHours(24));
        Require(nameof(Timeout), Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(24));
        Require(nameof(ToleratedFailures), ToleratedFailures, 0, int.MaxValue);
        Require(nameof(MaxConcurrent), MaxConcurrent, 1, 8);
        Require(nameof(Retained), Retained, 1, 100);
        // What an overtaking barrier leaves behind is dropped when the next one comes, so there must be one at a time (as in Flink).
        if (MaxConcurrent > 1 && MayOvertake)
            throw new ArgumentException($"{nameof(MaxConcurrent)} is {MaxConcurrent}, and barriers may overtake records; take one checkpoint at a time, or let barriers align for ever ({nameof(AlignTimeout)} infinite)");
        if (!Enum.IsDefined(Alignment)) throw new ArgumentException($"{nameof(Alignment)} is {(int)Alignment}, which is no alignment");
        if (AlignTimeout <= TimeSpan.Zero && AlignTimeout != System.Threading.Timeout.InfiniteTimeSpan)
            throw new ArgumentException($"{nameof(AlignTimeout)} is {AlignTimeout}; it must be more than zero, or infinite");
        return this;
    }

    static void Require<T>(string name, T value, T min, T max)
        where T : IComparable<T>
    {
        if (value.CompareTo(min) < 0 || value.CompareTo(max) > 0) throw new ArgumentException($"{name} is {value}; it must be from {min} to {max}");
    }
}
