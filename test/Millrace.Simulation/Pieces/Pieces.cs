using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Pieces of chance.</summary>
static class Pieces
{
    /// <summary>One of all there are.</summary>
    public static IPiece Make(int number, SimulatedChance chance) => chance.Below(14) switch
    {
        0 => new ClockWindowPiece($"clock{number}", chance.Between(1, 7), chance.Between(1, 6) * 10),
        1 => new ClockTimerPiece($"timer{number}", chance.Between(1, 7), chance.Between(1, 8) * 10),
        2 or 3 => Late(number, chance),
        4 => new MidStreamPiece(Late(number, chance)),
        5 => new StatesPiece($"states{number}", chance.Between(1, 15)),
        6 => new ListsPiece($"lists{number}"),
        7 => new KeptPiece($"kept{number}", chance.Between(1, 12), chance.Between(1, 8) * 50, chance.Between(1, 60) * 10),
        _ => MakeDrainable(number, chance),
    };

    /// <summary>One whose lines still add up when the job is drained and goes on.</summary>
    public static IDrainablePiece MakeDrainable(int number, SimulatedChance chance) => chance.Below(6) switch
    {
        0 => Count(number, chance),
        1 => new BucketPiece($"bucket{number}", chance.Between(1, 12), chance.Between(1, 8) * 50),
        2 => new WindowPiece($"tumbling{number}", chance.Between(1, 20), chance.Between(2, 9) * 50, 1),
        3 => new WindowPiece($"sliding{number}", chance.Between(1, 9), chance.Between(2, 6) * 50, chance.Between(2, 5)),
        4 => new SidePiece($"side{number}", chance.Between(2, 7)),
        _ => new ListPiece($"list{number}", chance.Between(1, 9), chance.Between(2, 7)),
    };

    /// <summary>The one to which versions of a program do something.</summary>
    public static CountPiece Count(int number, SimulatedChance chance) => new($"count{number}", chance.Between(1, 30), chance.Between(1, 4));

    static LatePiece Late(int number, SimulatedChance chance) => new($"late{number}", chance.Between(1, 9), chance.Between(2, 9) * 50, chance.Pick([0, 0, 100, 400]));
}
