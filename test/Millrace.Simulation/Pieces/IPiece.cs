using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Part of a random graph, with its oracle. What is added to the API joins the simulation by another one.</summary>
interface IPiece
{
    /// <summary>The first word of every line it writes; the id of its operator, unless that was changed.</summary>
    string Name { get; }

    /// <summary>Whether it writes the same lines whatever comes when, each once: they may go where writing a line twice is writing it once.</summary>
    bool IsRepeatable => false;

    /// <summary>Whether it counts on the records of a split in the order they were read in.</summary>
    bool NeedsOrder => false;

    /// <summary>How many exchanges by key its records go through, one after the other.</summary>
    int Exchanges => 1;

    /// <summary>The ids of its operators that keep state which <see cref="CheckStateAsync"/> looks at.</summary>
    IEnumerable<string> Operators => [Name];

    /// <summary>Adds its operators.</summary>
    /// <param name="input">All records.</param>
    /// <param name="site">Where it runs.</param>
    DataStream<string> Build(DataStream<Reading> input, PieceSite site);

    /// <summary>Looks at what it has written.</summary>
    /// <param name="input">All records there are.</param>
    /// <param name="lines">Its lines, in any order.</param>
    /// <exception cref="SimulationException">They are not what follows from the records.</exception>
    void Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines);

    /// <summary>Compares its state in a checkpoint without records in flight with what follows from the records read by then.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <param name="read">The records.</param>
    /// <exception cref="SimulationException">They contradict each other.</exception>
    Task CheckStateAsync(SnapshotReader checkpoint, IReadOnlyList<Reading> read) => Task.CompletedTask;

    /// <summary>What its lines say, whatever the order of records, the parallelism and the barriers: the same for the same records.</summary>
    IEnumerable<string> Essence(IReadOnlyList<string> lines) => lines;
}

/// <summary>A piece whose lines follow from the records alone.</summary>
interface IExactPiece : IPiece
{
    bool IPiece.IsRepeatable => true;

    /// <summary>What it writes, in any order.</summary>
    IEnumerable<string> Answer(IReadOnlyList<Reading> input);

    void IPiece.Check(IReadOnlyList<Reading> input, IReadOnlyList<string> lines) => Lines.RequireSame([.. Answer(input)], lines);
}

/// <summary>A piece that can say what it adds up to when windows and timers fired early, because the job was drained.</summary>
interface IDrainablePiece : IPiece
{
    /// <summary>As <see cref="IPiece.Check"/>, where what is the same otherwise may have come in several lines.</summary>
    void CheckDrained(IReadOnlyList<Reading> input, IReadOnlyList<string> lines);
}

/// <summary>Where a piece runs.</summary>
/// <param name="Process">The process.</param>
/// <param name="Id">The id of its operator in this version of the program.</param>
/// <param name="Parallelism">That of its stateful operator; zero for that of the job.</param>
/// <param name="Disorder">How far records are out of order.</param>
/// <param name="Form">How often the types of its state have changed by this version of the program.</param>
sealed record PieceSite(SimulatedProcess Process, string Id, int Parallelism, Disorder Disorder, int Form = 0)
{
    /// <summary>With the parallelism of the piece.</summary>
    public DataStream<T> Place<T>(DataStream<T> stream) => Parallelism == 0 ? stream : stream.WithParallelism(Parallelism);
}
