using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Pieces of chance.</summary>
static class Pieces
{
    /// <summary>One of all there are.</summary>
    public static IPiece Make(int number, SimulatedChance chance) => chance.Below(22) switch
    {
        0 => new ClockWindowPiece($"clock{number}", chance.Between(1, 7), chance.Between(1, 6) * 10, chance.Pick([1, 1, 2, 4])),
        1 => new ClockTimerPiece($"timer{number}", chance.Between(1, 7), chance.Between(1, 8) * 10),
        2 or 3 => Late(number, chance),
        4 => new MidStreamPiece(Late(number, chance), chance.Pick([0, 0, 20, 60])),
        5 => new StatesPiece($"states{number}", chance.Between(1, 15)),
        6 => new ListsPiece($"lists{number}"),
        7 => new KeptPiece($"kept{number}", chance.Between(1, 12), chance.Between(1, 8) * 50, chance.Between(1, 60) * 10),
        8 => new EndPiece($"end{number}", chance.Between(1, 9), chance.Between(2, 9) * 50),
        9 => new LastingPiece($"lasting{number}", chance.Between(1, 12)),
        10 or 11 => Running(number, chance),
        12 or 13 or 14 or 15 => ChainPiece.Random($"chain{number}", chance),
        _ => MakeDrainable(number, chance),
    };

    /// <summary>One whose lines still add up when the job is drained and goes on.</summary>
    public static IDrainablePiece MakeDrainable(int number, SimulatedChance chance) => chance.Below(7) switch
    {
        0 => Count(number, chance),
        1 => new BucketPiece($"bucket{number}", chance.Between(1, 12), chance.Between(1, 8) * 50),
        2 => new WindowPiece($"tumbling{number}", chance.Between(1, 20), chance.Between(2, 9) * 50, 1),
        3 => new WindowPiece($"sliding{number}", chance.Between(1, 9), chance.Between(2, 6) * 50, chance.Between(2, 5)),
        4 => new SidePiece($"side{number}", chance.Between(2, 7)),
        5 => new RoutePiece($"route{number}", chance.Between(1, 3)),
        _ => new ListPiece($"list{number}", chance.Between(1, 9), chance.Between(2, 7)),
    };

    /// <summary>The one to which versions of a program do something.</summary>
    public static CountPiece Count(int number, SimulatedChance chance) => new($"count{number}", chance.Between(1, 30), chance.Between(1, 4));

    /// <summary>One that can tell what must be though event time has gone on without some of the splits, so that any of their records may be late.</summary>
    public static IPiece MakePatient(int number, SimulatedChance chance) => chance.Below(10) switch
    {
        0 => new ClockTimerPiece($"timer{number}", chance.Between(1, 7), chance.Between(1, 8) * 10),
        1 => new StatesPiece($"states{number}", chance.Between(1, 15)),
        2 => new ListPiece($"list{number}", chance.Between(1, 9), chance.Between(2, 7)),
        3 => Running(number, chance),
        4 => new EndPiece($"end{number}", chance.Between(1, 9), chance.Between(2, 9) * 50),
        5 => new MidStreamPiece(Late(number, chance), chance.Pick([0, 20, 60])),
        _ => Late(number, chance) with { IsAnyLate = true },
    };

    /// <summary>One whose types versions of a program change.</summary>
    public static EvolvingPiece Evolving(int number, SimulatedChance chance) => new($"evolving{number}", chance.Between(1, 12), chance.Below(Forms.Count - 1));

    static RunningPiece Running(int number, SimulatedChance chance) => new($"running{number}", (RunningVerb)chance.Below(8), chance.Between(1, 12));

    static LatePiece Late(int number, SimulatedChance chance) => new($"late{number}", chance.Between(1, 9), chance.Between(2, 9) * 50, chance.Pick([0, 0, 100, 400]));
}
