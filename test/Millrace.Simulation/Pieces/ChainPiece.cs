using Millrace.State;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>An operator of a chain, and how it is placed.</summary>
/// <param name="Stage">What it does.</param>
/// <param name="Wide">Its parallelism; zero for that of the job.</param>
/// <param name="KeepsInput">Whether what comes in goes on beside what it makes, past it.</param>
sealed record ChainedStage(IStage Stage, int Wide, bool KeepsInput);

/// <summary>Operators by key behind one another, two or three: records go through an exchange before each. A line for each that comes out. Stragglers are left out.</summary>
sealed record ChainPiece(string Name, IReadOnlyList<ChainedStage> Stages) : IPiece
{
    public IEnumerable<string> Operators => Stages.Select((_, number) => IdOf(number));

    public int Exchanges => Stages.Count;

    /// <summary>One of chance.</summary>
    public static ChainPiece Random(string name, SimulatedChance chance) => new(name, [.. Enumerable.Range(0, chance.Between(2, 3)).Select(number => new ChainedStage(
        chance.Below(5) switch
        {
            0 => new TimerStage(chance.Between(1, 9), chance.Between(1, 8) * 50),
            1 => new DistinctStage(chance.Between(1, 12)),
            2 => new WindowStage(AnyVerb(chance), chance.Between(1, 7), chance.Between(2, 6) * 50, chance.Between(2, 4), chance.Pick([0, 30])),
            _ => new WindowStage(AnyVerb(chance), chance.Between(1, 12), chance.Between(2, 9) * 50, 1, chance.Pick([0, 0, 40])),
        },
        chance.Below(3) == 0 ? chance.Between(1, 4) : 0,
        number > 0 && chance.Below(4) == 0))]);

    public DataStream<string> Build(DataStream<Reading> input, PieceSite site)
    {
        DataStream<Link> links = input.Where(static r => !r.IsStraggler).Select(static r => Link.Of(r));
        for (int number = 0; number < Stages.Count; number++)
        {
            ChainedStage stage = Stages[number];
            DataStream<Link> made = stage.Stage.Build(links, IdOf(number), site with { Parallelism = stage.Wide });
            links = stage.KeepsInput ? links.Union(made) : made;
        }

        return links.Select(l => $"{Name} {l.Number} {l.At} {l.Value}");
    }

    public void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) =>
        Lines.RequireSame([.. Stages.Aggregate(Begin(input), static (links, stage) => Through(stage, links, static _ => Timestamp.MaxValue)).Select(l => $"{Name} {l.Number} {l.At} {l.Value}")], lines);

    public async Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read)
    {
        IReadOnlyList<Link> links = Begin(read);
        for (int number = 0; number < Stages.Count; number++)
        {
            await Stages[number].Stage.CheckStateAsync(checkpoint, IdOf(number), links);
            EventTimes times = new(checkpoint.Manifest, IdOf(number));
            links = Through(Stages[number], links, key => times.Of(default(Int32KeyOps).Hash(key)));
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"ChainPiece {{ Name = {Name}, Stages = {string.Join(" -> ", Stages)} }}";

    static IReadOnlyList<Link> Begin(IReadOnlyList<Reading> input) => [.. input.Where(static r => !r.IsStraggler).Select(static r => Link.Of(r))];

    static IReadOnlyList<Link> Through(ChainedStage stage, IReadOnlyList<Link> links, Func<int, Timestamp> timeOf) =>
        [.. stage.Stage.Emitted(links, timeOf), .. stage.KeepsInput ? links : []];

    static WindowVerb AnyVerb(SimulatedChance chance) => (WindowVerb)chance.Below(6);

    string IdOf(int number) => number == 0 ? Name : $"{Name}-{number + 1}";
}
