using Millrace.State.Snapshots;

namespace Millrace.Runtime.Durable;

/// <summary>What a start says about the state of the snapshot it restores. Immutable.</summary>
/// <param name="Drops">Operators, or states of them, that are given up.</param>
/// <param name="Renames">Operators that have another id in the program.</param>
/// <param name="InFlightDrops">Operators whose records on their way are given up.</param>
sealed record StateChoices(IReadOnlyList<string> Drops, IReadOnlyList<StateRename> Renames, IReadOnlyList<string> InFlightDrops)
{
    /// <summary>Nothing is said.</summary>
    public static StateChoices None { get; } = new([], [], []);

    /// <summary>What a start says.</summary>
    public static StateChoices Of(DurableOptions options) => new(options.Drops, options.Renames, options.InFlightDrops);

    /// <summary>What is done at a start: what is left to be done to the snapshot, and without one what the start says.</summary>
    public static StateChoices For(RestorePoint? from, DurableOptions options) => from?.Choices ?? Of(options);

    /// <summary>As they are said, and as the snapshots of the job say what was done.</summary>
    public IReadOnlyList<string> Words => [.. Drops.Select(Dropping), .. Renames.Select(Renaming), .. InFlightDrops.Select(DroppingInFlight)];

    /// <summary>
    /// What is left to be done to a snapshot on the same line of history. A command is repeated by whoever starts a job again, and a job that fails goes on by
    /// itself: what was given up then must not be given up again, with all that came since.
    /// </summary>
    /// <param name="done">What had been done when the snapshot was taken.</param>
    public StateChoices Without(IReadOnlyList<string> done) => done.Count == 0 ? this : new(
        [.. Drops.Where(d => !done.Contains(Dropping(d)))], [.. Renames.Where(r => !done.Contains(Renaming(r)))], [.. InFlightDrops.Where(d => !done.Contains(DroppingInFlight(d)))]);

    static string Dropping(string drop) => $"--drop-state {drop}";

    static string Renaming(StateRename rename) => $"--rename-state {rename.From}={rename.To}";

    static string DroppingInFlight(string drop) => $"--drop-in-flight {drop}";
}
