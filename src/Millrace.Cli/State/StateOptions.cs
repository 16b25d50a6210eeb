using System.CommandLine;
using Millrace.State.Offline;
using Millrace.State.Snapshots;

namespace Millrace.Cli;

/// <summary>The options that the verbs of <c>millrace state</c> share.</summary>
internal sealed class StateOptions
{
    /// <summary>Makes them.</summary>
    /// <param name="isRequired">Whether the command has no meaning without a state.</param>
    public StateOptions(bool isRequired = true)
    {
        Operator = new("--operator") { Description = "The id of the operator.", Required = isRequired };
        State = new("--state") { Description = "The name of the state; may be left out where the operator has one.", Required = false };
    }

    public Option<string?> Operator { get; }

    public Option<string?> State { get; }

    /// <summary>Only rows that fit.</summary>
    public Option<string?> Where { get; } = new("--where")
    {
        Description = "Only rows that fit: value.Total >= 100 and not (key = 'EU'). Compares members by = != < <= > >=, null too; joined by and, or, not. See docs/state.md.",
    };

    /// <summary>The state that is meant.</summary>
    /// <exception cref="ToolException">The snapshot has none of the names, or the operator several and none was named.</exception>
    public (string Operator, string State) Find(ParseResult parsed, SnapshotManifest manifest)
    {
        string id = parsed.GetValue(Operator)!;
        OperatorEntry owner = manifest.Operators.FirstOrDefault(o => o.Id == id)
            ?? throw new ToolException($"snapshot {manifest.Id} has no operator '{id}'; it has {Names(manifest.Operators.Where(static o => o.States.Count > 0).Select(static o => o.Id))}", ExitCodes.Refused);
        string[] names = [.. owner.States.Select(static s => s.Schema.Name)];
        string? name = parsed.GetValue(State) ?? (names.Length == 1 ? names[0] : null);
        return name is not null && names.Contains(name) ? (id, name) : throw new ToolException(
            name is null ? $"operator '{id}' has several states; name one with --state: {Names(names)}" : $"operator '{id}' has no state '{name}'; it has {Names(names)}", ExitCodes.Refused);
    }

    /// <summary>The condition that was given, for a state; null for none.</summary>
    /// <exception cref="PredicateException">It cannot be understood.</exception>
    public StatePredicate? Condition(ParseResult parsed, StateColumns columns) => parsed.GetValue(Where) is { } text ? StatePredicate.Parse(text, columns) : null;

    static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(static n => $"'{n}'"));
}

/// <summary>How rows are printed.</summary>
internal enum RowFormat
{
    /// <summary>Columns that line up, for people.</summary>
    Table,

    /// <summary>One JSON object per line.</summary>
    Json,

    /// <summary>Comma-separated values with a heading, as RFC 4180 has them.</summary>
    Csv,
}
