using System.Diagnostics.CodeAnalysis;
using Millrace.Storage;

namespace Millrace.Testing.Stores;

/// <summary>Decides what happens to each call of a <see cref="FaultStore"/>. Thread-safe when its function is.</summary>
/// <param name="decide">What happens to a call.</param>
[Experimental("MR9001")]
public sealed class FaultPlan(Func<StoreCall, StoreFault> decide)
{
    static readonly StoreFault s_none = new StoreFault.None();

    /// <summary>Nothing ever goes wrong.</summary>
    public static FaultPlan None { get; } = new(static _ => s_none);

    /// <summary>Certain calls go wrong.</summary>
    /// <param name="faults">By index; no index twice.</param>
    public static FaultPlan At(params (int Index, StoreFault Fault)[] faults)
    {
        Dictionary<int, StoreFault> script = faults.ToDictionary(static f => f.Index, static f => f.Fault);
        return new(call => script.GetValueOrDefault(call.Index, s_none));
    }

    /// <summary>The first calls that fit go wrong, one after another; the rest are carried out.</summary>
    /// <param name="fits">Which calls.</param>
    /// <param name="faults">What happens to the first, the second and so on.</param>
    public static FaultPlan On(Func<StoreCall, bool> fits, params StoreFault[] faults)
    {
        int next = -1;
        return new(call => fits(call) && Interlocked.Increment(ref next) is int i && i < faults.Length ? faults[i] : s_none);
    }

    /// <summary>The process ends before a call.</summary>
    /// <param name="index">Which.</param>
    public static FaultPlan CrashBefore(int index) => At((index, new StoreFault.CrashBefore()));

    /// <summary>The process ends after a call took effect.</summary>
    /// <param name="index">Which.</param>
    public static FaultPlan CrashAfter(int index) => At((index, new StoreFault.CrashAfter()));

    /// <summary>
    /// Chance decides, the same for the same seed and index: refusals, lost replies, late effects and conflicts; no damaged reads and no
    /// crashes, which would be noticed and named instead of being endured.
    /// </summary>
    /// <param name="seed">Which chance.</param>
    /// <param name="share">What share of calls goes wrong: 0 to 1.</param>
    public static FaultPlan Seeded(ulong seed, double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        return new(call =>
        {
            NonceSource chance = new(new UInt128(0, seed ^ ((ulong)call.Index * 0x9E3779B97F4A7C15)));
            return chance.NextShare() < share ? Pick(call, chance) : s_none;
        });
    }

    /// <summary>What happens to a call.</summary>
    /// <param name="call">The call.</param>
    public StoreFault Decide(StoreCall call) => decide(call);

    static StoreFault Pick(StoreCall call, NonceSource chance) => (call.IsWrite, chance.Next() % 4) switch
    {
        (true, 0) => new StoreFault.LoseReply(),
        (true, 1) => new StoreFault.ApplyLate(1 + (int)(chance.Next() % 8)),
        (true, 2) when call.Verb is StoreVerb.Create or StoreVerb.CompleteUpload => new StoreFault.Conflict(),
        (false, 0) when call.Verb != StoreVerb.List => new StoreFault.LoseReply(),
        _ => new StoreFault.Refuse(),
    };
}
