using System.Globalization;

namespace Millrace.Simulation;

/// <summary>The command line.</summary>
sealed record Options
{
    public const string Help = """
        Runs the engine in simulated worlds: everything that happens is decided by a seed.

          --seeds N             so many seeds; 300 unless said
          --from N              the first of them; 1 unless said
          --seed N              this seed alone
          --trace               tells every event of it
          --sweep KIND          instead of seeds: crash (a process ends before and after every effect of a life), double (and a second one
                                in the recovery), zombie (a process stands still at every effect, is replaced, and wakes)
          --every N             of a sweep each Nth life alone; all unless said
          --mutate NAME         with something broken on purpose, until it is found: fencing, alignment, idempotence, silence, slicing,
                                courtesy, credit, patience
          --processes N         processes that share the work; one for each core unless said
          --require-rare        fails when a rare situation was never reached
        """;

    public int Seeds { get; init; } = 300;

    public int From { get; init; } = 1;

    public bool IsTrace { get; init; }

    public string? Sweep { get; init; }

    /// <summary>Of a sweep, which lives: 1 for all, 2 for every other one.</summary>
    public int Every { get; init; } = 1;

    public Mutation Mutation { get; init; } = Mutation.None;

    public int Processes { get; init; } = Environment.ProcessorCount;

    public bool RequiresRare { get; init; }

    /// <summary>Which share of the work this process does; null for the process that was asked.</summary>
    public int? Share { get; init; }

    /// <summary>Reads it.</summary>
    /// <exception cref="FormatException">It cannot be understood; says what.</exception>
    public static Options Read(string[] args)
    {
        Options options = new();
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            options = name switch
            {
                "--seeds" => options with { Seeds = Some() },
                "--from" => options with { From = Number() },
                "--seed" => options with { From = Number(), Seeds = 1, Processes = 1 },
                "--trace" => options with { IsTrace = true },
                "--sweep" => options with { Sweep = SweepOf(Text()) },
                "--every" => options with { Every = Some() },
                "--mutate" => options with { Mutation = MutationOf(Text()) },
                "--processes" => options with { Processes = Some() },
                "--require-rare" => options with { RequiresRare = true },
                "--share" => options with { Share = Number() },
                _ => throw new FormatException($"'{name}' is no option"),
            };

            string Text() => ++i < args.Length ? args[i] : throw new FormatException($"{name} needs something after it");

            // None at all would pass without having tried anything.
            int Some() => Number() is > 0 and var n ? n : throw new FormatException($"{name} is {args[i]}; give 1 or more");

            int Number() => int.TryParse(Text(), NumberStyles.None, CultureInfo.InvariantCulture, out int n) ? n : throw new FormatException($"{name} needs a number, not '{args[i]}'");
        }

        return options;
    }

    static string SweepOf(string kind) =>
        kind is "crash" or "double" or "zombie" ? kind : throw new FormatException($"there is no sweep '{kind}'; there are crash, double and zombie");

    static Mutation MutationOf(string name) => Mutation.All.FirstOrDefault(m => m.Name == name)
        ?? throw new FormatException($"there is no mutation '{name}'; there are {string.Join(", ", Mutation.All.Select(static m => m.Name))}");
}
