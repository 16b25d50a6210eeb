using Millrace.Runtime.Jobs;

namespace Millrace.Tests.Runtime.Jobs;

public sealed class RestartPolicyTests
{
    static readonly RestartPolicy NoJitter = new RestartPolicy.ExponentialDelay { Jitter = 0 };

    [Fact]
    public void Exponential_FailuresInARow_WaitLongerUpToTheMaximum()
    {
        double[] seconds = Delays(NoJitter, 14);

        Assert.Equal([1, 1.5, 2.25, 3.375], seconds[..4]);
        Assert.Equal(60, seconds[^1]);
        Assert.Equal(seconds.Order(), seconds);
    }

    [Fact]
    public void Exponential_CompletedCheckpoint_BeginsANewRow()
    {
        RestartState state = RestartState.Begin(1);
        for (int i = 0; i < 5; i++) (state, _) = state.OnFailure(NoJitter, default);

        (_, RestartDecision decision) = state.OnCheckpoint().OnFailure(NoJitter, default);

        Assert.Equal(new RestartDecision.RestartAfter(TimeSpan.FromSeconds(1)), decision);
    }

    [Fact]
    public void Exponential_Jitter_IsWithinATenthAndOfTheSeed()
    {
        double[] exact = Delays(NoJitter, 9), first = Delays(RestartPolicy.Default, 9, seed: 7), second = Delays(RestartPolicy.Default, 9, seed: 8);

        Assert.Equal(first, Delays(RestartPolicy.Default, 9, seed: 7));
        Assert.NotEqual(first, second);
        Assert.All(exact.Zip(first), pair => Assert.InRange(pair.Second, Math.Max(1, pair.First * 0.9), pair.First * 1.1));
    }

    [Fact]
    public void Exponential_AttemptsUsedUp_GivesUp()
    {
        RestartPolicy policy = new RestartPolicy.ExponentialDelay { AttemptsMax = 2 };

        Assert.Equal([false, false, true], GivesUp(policy, [0, 1, 2]));
    }

    [Fact]
    public void Fixed_Default_RestartsOnceAfterASecond()
    {
        (RestartState state, RestartDecision first) = RestartState.Begin(0).OnFailure(new RestartPolicy.FixedDelay(), default);
        (_, RestartDecision second) = state.OnCheckpoint().OnFailure(new RestartPolicy.FixedDelay(), default);

        Assert.Equal(new RestartDecision.RestartAfter(TimeSpan.FromSeconds(1)), first);
        Assert.Contains("failed 2 times", Assert.IsType<RestartDecision.GiveUp>(second).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Rate_FailuresTooClose_GivesUp() => Assert.Equal([false, true], GivesUp(new RestartPolicy.FailureRate(), [0, 59]));

    [Fact]
    public void Rate_FailuresApart_GoesOn() => Assert.Equal([false, false, false, true], GivesUp(new RestartPolicy.FailureRate(), [0, 60, 121, 150]));

    [Fact]
    public void None_FirstFailure_GivesUp() => Assert.Equal([true], GivesUp(new RestartPolicy.None(), [0]));

    public static TheoryData<RestartPolicy> Invalid =>
    [
        new RestartPolicy.ExponentialDelay { Initial = TimeSpan.Zero }, new RestartPolicy.ExponentialDelay { Initial = TimeSpan.FromHours(1) },
        new RestartPolicy.ExponentialDelay { Multiplier = 0.5 }, new RestartPolicy.ExponentialDelay { Multiplier = double.NaN },
        new RestartPolicy.ExponentialDelay { Jitter = 2 }, new RestartPolicy.ExponentialDelay { AttemptsMax = -1 }, new RestartPolicy.FixedDelay { Attempts = -1 },
        new RestartPolicy.FixedDelay { Delay = TimeSpan.FromDays(2) }, new RestartPolicy.FailureRate { Failures = 0 }, new RestartPolicy.FailureRate { Interval = TimeSpan.Zero },
    ];

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Validated_OutOfRange_Throws(RestartPolicy policy) => Assert.Throws<ArgumentException>(policy.Validated);

    [Fact]
    public void Validated_Defaults_AreValid() =>
        Assert.All<RestartPolicy>([RestartPolicy.Default, new RestartPolicy.FixedDelay(), new RestartPolicy.FailureRate(), new RestartPolicy.None()], p => p.Validated());

    static double[] Delays(RestartPolicy policy, int failures, ulong seed = 0)
    {
        RestartState state = RestartState.Begin(seed);
        return [.. Enumerable.Range(0, failures).Select(_ =>
        {
            (state, RestartDecision decision) = state.OnFailure(policy, default);
            return ((RestartDecision.RestartAfter)decision).Delay.TotalSeconds;
        })];
    }

    static bool[] GivesUp(RestartPolicy policy, int[] seconds)
    {
        RestartState state = RestartState.Begin(0);
        return [.. seconds.Select(at =>
        {
            (state, RestartDecision decision) = state.OnFailure(policy, TimeSpan.FromSeconds(at));
            return decision is RestartDecision.GiveUp;
        })];
    }
}
