using System.Globalization;

namespace Millrace.Benchmarks;

/// <summary>The command line.</summary>
sealed record BenchOptions
{
    public const int SamplesDefault = 7;

    public const string Usage = """
        Measures Millrace beside its peers and prints one JSON object per line; progress goes to the error stream.

          --quick             fewer records where a peer is slow, fewer samples with ten million keys
          --only NAME,NAME    these workloads alone: a name of --list, its part before the slash, or its beginning and *
          --samples N         measurements of each peer; 7 by default, and no fewer for what is published
          --records N         records of a pass
          --s3 ADDRESS        a bucket to measure with as well: s3://bucket/prefix?endpoint=http://127.0.0.1:7480
          --json FILE         writes the lines to a file as well
          --check             exit code 1 when a target or the allocation budget is missed
          --profile           shows where the time of a record goes, instead of comparing
          --list              prints the names of the workloads
          --self-test         checks the arithmetic of the report
        """;

    public bool IsQuick { get; init; }

    public string[] Only { get; init; } = [];

    public int? Samples { get; init; }

    public int? Records { get; init; }

    public string? JsonFile { get; init; }

    /// <summary>The bucket of workloads that measure with one; null for folders alone.</summary>
    public string? Bucket { get; init; }

    public bool IsCheck { get; init; }

    public bool IsProfile { get; init; }

    public bool IsList { get; init; }

    public bool IsSelfTest { get; init; }

    public bool IsHelp { get; init; }

    /// <summary>The workload to measure in this very process; set by the program when it starts itself.</summary>
    public string? Child { get; init; }

    public static BenchOptions Parse(IEnumerable<string> arguments)
    {
        BenchOptions options = new();
        Queue<string> words = new(arguments);
        while (words.TryDequeue(out string? word))
        {
            options = word switch
            {
                "--quick" => options with { IsQuick = true },
                "--only" => options with { Only = Value(word).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) },
                "--samples" => options with { Samples = Number(word) },
                "--records" => options with { Records = Number(word) },
                "--s3" => options with { Bucket = Value(word) },
                "--json" => options with { JsonFile = Value(word) },
                "--check" => options with { IsCheck = true },
                "--profile" => options with { IsProfile = true },
                "--list" => options with { IsList = true },
                "--self-test" => options with { IsSelfTest = true },
                "--child" => options with { Child = Value(word) },
                "--help" or "-h" => options with { IsHelp = true },
                _ => throw new OptionException($"'{word}' is not an option; --help shows those there are"),
            };
        }

        return options;

        string Value(string name) => words.TryDequeue(out string? value) ? value : throw new OptionException($"{name} needs a value");

        int Number(string name) =>
            int.TryParse(Value(name), NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out int number) && number > 0
                ? number : throw new OptionException($"{name} needs a number above zero");
    }

    /// <summary>The command line of the process that measures one workload.</summary>
    public IEnumerable<string> ForChild(string workload)
    {
        yield return "--child";
        yield return workload;
        if (IsQuick) yield return "--quick";
        if (IsProfile) yield return "--profile";
        if (Bucket is not null)
        {
            yield return "--s3";
            yield return Bucket;
        }

        foreach ((string name, int? number) in ((string, int?)[])[("--samples", Samples), ("--records", Records)])
        {
            if (number is null) continue;
            yield return name;
            yield return number.Value.ToString(CultureInfo.InvariantCulture);
        }
    }
}

/// <summary>The command line makes no sense.</summary>
/// <param name="message">For people.</param>
sealed class OptionException(string message) : Exception(message);
