using System.Diagnostics.CodeAnalysis;

namespace Millrace.Testing.Stores;

/// <summary>What happens to one call of a store.</summary>
[Experimental("MR9001")]
public abstract record StoreFault
{
    StoreFault()
    {
    }

    /// <summary>Nothing: it is carried out and answered.</summary>
    public sealed record None : StoreFault;

    /// <summary>It is refused and nothing happens, now or later.</summary>
    public sealed record Refuse : StoreFault;

    /// <summary>It is carried out, and the answer is lost: a creation is unknown, anything else fails.</summary>
    public sealed record LoseReply : StoreFault;

    /// <summary>A write is not answered and takes effect later, if it still can.</summary>
    /// <param name="Calls">After so many further calls, one or more; <see cref="FaultStore.ApplyLateAsync"/> makes it now.</param>
    public sealed record ApplyLate(int Calls) : StoreFault;

    /// <summary>A creation or the completion of an upload is answered with 409 and not carried out.</summary>
    public sealed record Conflict : StoreFault;

    /// <summary>A read brings only the first half: a whole object is shorter, a range ends early.</summary>
    public sealed record Truncate : StoreFault;

    /// <summary>A read brings one bit changed.</summary>
    /// <param name="Bit">Which; counted round where there are fewer.</param>
    public sealed record FlipBit(long Bit) : StoreFault;

    /// <summary>It is carried out after a pause on the store's clock.</summary>
    /// <param name="Pause">More than zero.</param>
    public sealed record Slow(TimeSpan Pause) : StoreFault;

    /// <summary>It is carried out when something else has happened: a leader that sleeps in the middle of a write.</summary>
    /// <param name="Until">What.</param>
    public sealed record Hold(Task Until) : StoreFault;

    /// <summary>The process ends before it: this call and all later ones throw <see cref="SimulatedCrashException"/>.</summary>
    public sealed record CrashBefore : StoreFault;

    /// <summary>The process ends right after it took effect.</summary>
    public sealed record CrashAfter : StoreFault;
}

/// <summary>The process that uses a store has ended, as far as the test is concerned.</summary>
/// <param name="call">The call it ended at.</param>
[Experimental("MR9001")]
public sealed class SimulatedCrashException(StoreCall call) : Exception($"The process ended, as the test's plan has it, at {call}")
{
    /// <summary>The call it ended at.</summary>
    public StoreCall Call => call;
}
