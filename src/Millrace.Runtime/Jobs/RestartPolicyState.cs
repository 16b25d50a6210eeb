using System.Collections.Immutable;
using System.Globalization;

namespace Millrace.Runtime.Jobs;

/// <summary>What a restart policy remembers. Immutable; in memory only, so a new leader begins anew.</summary>
/// <param name="Seed">Of the jitter.</param>
/// <param name="InRow">Failures since the last completed checkpoint.</param>
/// <param name="InAll">Failures since the leader took over.</param>
/// <param name="Recent">When the last ones were, on the coordinator's clock; as many as the rate needs.</param>
public sealed record RestartState(ulong Seed, int InRow, int InAll, ImmutableArray<TimeSpan> Recent)
{
    /// <summary>Nothing has failed yet.</summary>
    public static RestartState Begin(ulong seed) => new(seed, 0, 0, []);

    /// <summary>A checkpoint was completed: the job gets on, so the next failure begins a new row.</summary>
    public RestartState OnCheckpoint() => InRow == 0 ? this : this with { InRow = 0 };

    /// <summary>What to do about a failure.</summary>
    /// <param name="policy">Validated.</param>
    /// <param name="now">When it was, on a clock that never goes back.</param>
    public (RestartState Next, RestartDecision Decision) OnFailure(RestartPolicy policy, TimeSpan now)
    {
        RestartState next = this with { InRow = InRow + 1, InAll = InAll + 1 };
        return policy switch
        {
            RestartPolicy.ExponentialDelay e when e.AttemptsMax is { } max && next.InRow > max => (next, GiveUp($"it failed {next.InRow} times in a row and may be restarted {max} times")),
            RestartPolicy.ExponentialDelay e => (next, new RestartDecision.RestartAfter(next.DelayOf(e))),
            RestartPolicy.FixedDelay f when next.InAll > f.Attempts => (next, GiveUp($"it failed {next.InAll} times and may be restarted {f.Attempts} times")),
            RestartPolicy.FixedDelay f => (next, new RestartDecision.RestartAfter(f.Delay)),
            RestartPolicy.FailureRate r => next.Rate(r, now),
            RestartPolicy.None => (next, GiveUp("the restart policy is none")),
            _ => throw new System.Diagnostics.UnreachableException($"no such policy: {policy}"),
        };
    }

    (RestartState, RestartDecision) Rate(RestartPolicy.FailureRate rate, TimeSpan now)
    {
        RestartState next = this with { Recent = [.. Recent.Where(at => at > now - rate.Interval).TakeLast(rate.Failures), now] };
        return next.Recent.Length > rate.Failures
            ? (next, GiveUp($"it failed {next.Recent.Length} times within {rate.Interval}, and {rate.Failures} are tolerated"))
            : (next, new RestartDecision.RestartAfter(rate.Delay));
    }

    TimeSpan DelayOf(RestartPolicy.ExponentialDelay policy)
    {
        double seconds = Math.Min(policy.Initial.TotalSeconds * Math.Pow(policy.Multiplier, InRow - 1), policy.Max.TotalSeconds);
        seconds *= 1 + (policy.Jitter * Chance());
        return TimeSpan.FromSeconds(Math.Clamp(seconds, policy.Initial.TotalSeconds, policy.Max.TotalSeconds));
    }

    /// <summary>From -1 to 1, the same for the same seed and failure (SplitMix64, finalizer).</summary>
    double Chance()
    {
        ulong x = Seed + ((ulong)InAll * 0x9e3779b97f4a7c15);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return (((x ^ (x >> 31)) >> 11) * (1.0 / (1UL << 52))) - 1;
    }

    static RestartDecision.GiveUp GiveUp(string why) => new(string.Create(CultureInfo.InvariantCulture, $"the job is not restarted: {why}"));
}

/// <summary>What to do about a failure. A closed set.</summary>
public abstract record RestartDecision
{
    RestartDecision() { }

    /// <summary>Deploy the tasks again.</summary>
    /// <param name="Delay">After this wait.</param>
    public sealed record RestartAfter(TimeSpan Delay) : RestartDecision;

    /// <summary>The job has failed.</summary>
    /// <param name="Why">A sentence.</param>
    public sealed record GiveUp(string Why) : RestartDecision;
}
