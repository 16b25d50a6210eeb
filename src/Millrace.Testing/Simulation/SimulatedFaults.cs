namespace Millrace.Testing.Simulation;

/// <summary>What goes wrong in a simulated world, and how often. Chance decides when, from the seed. Immutable.</summary>
public sealed record SimulatedFaults
{
    /// <value>Of a thousand calls of the store, how many are refused, not answered, take effect late, or are answered with a conflict. 0 to 1,000; the default is 15.</value>
    public int StorePerThousand { get; init; } = 15;

    /// <value>Of a thousand reads of snapshots, how many bring half of it, or a bit changed. 0 to 1,000; the default is 2.</value>
    public int DamagePerThousand { get; init; } = 2;

    /// <value>Of a thousand effects on the outside, how many fail before, and as many after they took effect. 0 to 1,000; the default is 5.</value>
    public int OutsidePerThousand { get; init; } = 5;

    /// <value>Of a thousand calls of the store and effects on the outside, how many are slow: up to two seconds there, or back. What a process did then happens long after it, or after its end. 0 to 1,000; the default is 5.</value>
    public int SlowPerThousand { get; init; } = 5;

    /// <value>
    /// Of a thousand messages between leader and worker, how many are the last of their connection: it is cut, which both are told, or what one of
    /// them sends is lost from there on, which nobody is told. Besides, a few are slow. 0 to 1,000; the default is 20.
    /// </value>
    public int NetworkPerThousand { get; init; } = 20;

    /// <value>How often something happens to the job: crashes, pauses, restarts elsewhere, savepoints, stops, rescaling. The default is 6.</value>
    public int Disturbances { get; init; } = 6;

    /// <value>How long the job is left alone between two of them, at most, in the world's time. The default is 300 ms; a job of a simulation takes a second or so.</value>
    public TimeSpan CalmMax { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <value>How wrong the clock of a process may be, either way. The default is an hour.</value>
    public TimeSpan SkewMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Everything at its default.</summary>
    public static SimulatedFaults Default { get; } = new();

    /// <summary>Nothing goes wrong.</summary>
    public static SimulatedFaults None { get; } = new() { StorePerThousand = 0, DamagePerThousand = 0, OutsidePerThousand = 0, SlowPerThousand = 0, NetworkPerThousand = 0, Disturbances = 0, SkewMax = TimeSpan.Zero };
}
