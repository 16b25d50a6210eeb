namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>The explorations of lives: each lets some things happen, and those in every order.</summary>
static class LifeScenarios
{
    /// <summary>Two checkpoints under way at a time; parts that are declined, expire, come late and twice; a deployment that fails.</summary>
    public static readonly LifeBounds Failing = new() { Checkpoints = 3, Concurrent = 2, Declines = 1, Expiries = 1, Strays = 1, Failures = 1 };

    /// <summary>A stop and a savepoint are asked while tasks may finish or fail, and the store may refuse.</summary>
    public static readonly LifeBounds Stopping = new() { Checkpoints = 1, Concurrent = 2, Requests = LifeRequests.Stop | LifeRequests.Savepoint, Refusals = 1, Failures = 1, Finishes = true };

    /// <summary>A stop is asked while tasks may finish, and nothing goes wrong.</summary>
    public static readonly LifeBounds Ending = new() { Checkpoints = 1, Requests = LifeRequests.Stop, Finishes = true };

    /// <summary>A checkpoint asked by hand, a savepoint and a cancel, while a worker declines.</summary>
    public static readonly LifeBounds Cancelling = new() { Checkpoints = 1, Concurrent = 2, Requests = LifeRequests.Manual | LifeRequests.Cancel | LifeRequests.Savepoint, Declines = 1, Retained = 2 };

    /// <summary>A second leader takes over at any time, and a reply gets lost.</summary>
    public static readonly LifeBounds Overtaken = new() { Claims = 2, Checkpoints = 2, Replies = 1 };

    /// <summary>A process crashes and another goes on, while a stop is under way.</summary>
    public static readonly LifeBounds Crashing = new() { Claims = 2, Checkpoints = 1, Crashes = 1, Requests = LifeRequests.Stop };

    /// <summary>The same with a savepoint.</summary>
    public static readonly LifeBounds Gathering = new() { Claims = 2, Checkpoints = 2, Crashes = 1, Requests = LifeRequests.Savepoint };

    /// <summary>Two workers and three checkpoints under way, one of which is a savepoint.</summary>
    public static readonly LifeBounds Crowded = new() { Checkpoints = 2, Concurrent = 3, Workers = 2, Requests = LifeRequests.Savepoint | LifeRequests.Manual };

    public static LifeBounds Of(string name) => name switch
    {
        nameof(Failing) => Failing,
        nameof(Stopping) => Stopping,
        nameof(Ending) => Ending,
        nameof(Cancelling) => Cancelling,
        nameof(Overtaken) => Overtaken,
        nameof(Crashing) => Crashing,
        nameof(Gathering) => Gathering,
        nameof(Crowded) => Crowded,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };
}
