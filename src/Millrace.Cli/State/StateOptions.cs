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

    /// <summary>Only rows of a key.</summary>
    public Option<string?> Key { get; } = new("--key") { Description = "Only rows of this key, of which nothing else is read: text, a number, or JSON for keys with several members." };

    /// <summary>Only rows that fit.</summary>
    public Option<string?> Where { get; } = new("--where")
    {
        Description = "Only rows that fit: value.Total >= 100 and not (key = 'EU'). Compares members by = != < <= > >=, null too; joined by and, or, not. See docs/state.md.",
    };

    /// <summary>Rows that are over, too.</summary>
    public Option<bool> Expired { get; } = new("--expired")
    {
        Description = "Show also what was over at the snapshot by its TTL and had not been removed yet; isExpired tells it from the rest. It is left out and counted otherwise.",
    };

    /// <summary>When rows were renewed.</summary>
    public Option<bool> Times { get; } = new("--times")
    {
        Description = "Show for state with a TTL when each row was last renewed and when it expires: columns renewed and expires.",
    };

    /// <summary>The comparison that the options make of a state that two snapshots have.</summary>
    /// <exception cref="ToolException">The state has no such keys.</exception>
    /// <exception cref="PredicateException">The condition cannot be understood of one of them.</exception>
    public DifferenceQuery DifferenceOf(ParseResult parsed, StateSnapshot before, StateSnapshot after, string operatorId, string stateName)
    {
        StateColumns first = before.Columns(operatorId, stateName), second = after.Columns(operatorId, stateName);
        return new() { Key = KeyOf(parsed, first, stateName), WhereBefore = Condition(parsed, first), WhereAfter = Condition(parsed, second), WithExpired = parsed.GetValue(Expired) };
    }

    /// <summary>The query that the options make, with the columns that its rows have.</summary>
    /// <exception cref="ToolException">The state has no times, or no such keys.</exception>
    /// <exception cref="PredicateException">The condition cannot be understood.</exception>
    public (StateQuery Query, StateColumns Columns) QueryOf(ParseResult parsed, StateSnapshot snapshot, string operatorId, string stateName)
    {
        StateQuery query = new() { WithExpired = parsed.GetValue(Expired), WithTimes = parsed.GetValue(Times), Expired = new() };
        if (query.WithTimes && snapshot.Reader.State(operatorId, stateName).Schema.Ttl is null)
            throw new ToolException($"state '{stateName}' of operator '{operatorId}' has no TTL, and so no times: leave out {Times.Name}", ExitCodes.Refused);
        StateColumns columns = snapshot.Columns(operatorId, stateName, query);
        return (query with { Key = KeyOf(parsed, columns, stateName), Where = Condition(parsed, columns) }, columns);
    }

    /// <summary>What was left out because it was over, in words; null when nothing was.</summary>
    /// <param name="query">The query, read as far as it was.</param>
    /// <param name="isCut">Whether there is more to read.</param>
    public string? LeftOut(StateQuery query, bool isCut = false) => query is not { WithExpired: false, Expired.Count: > 0 and var count } ? null
        : $"{(isCut ? "so far " : "")}{count:N0} expired {(count == 1 ? "row" : "rows")} left out; {Expired.Name} shows them";

    /// <summary>The state that is meant.</summary>
    /// <exception cref="ToolException">The snapshot has none of the names, or the operator several and none was named.</exception>
    public (string Operator, string State) Find(ParseResult parsed, SnapshotManifest manifest)
    {
        string id = parsed.GetValue(Operator)!;
        OperatorEntry owner = Find(id, manifest);
        string[] names = [.. owner.States.Select(static s => s.Schema.Name)];
        string? name = parsed.GetValue(State) ?? (names.Length == 1 ? names[0] : null);
        return name is not null && names.Contains(name) ? (id, name) : throw new ToolException(
            name is null ? $"operator '{id}' has several states; name one with --state: {Names(names)}" : $"operator '{id}' has no state '{name}'; it has {Names(names)}", ExitCodes.Refused);
    }

    /// <summary>Makes sure that the operator and state that were named are there, where they were.</summary>
    /// <exception cref="ToolException">They are not.</exception>
    public void Require(ParseResult parsed, SnapshotManifest manifest)
    {
        if (parsed.GetValue(Operator) is not null && parsed.GetValue(State) is not null) Find(parsed, manifest);
        else if (parsed.GetValue(Operator) is { } id) Find(id, manifest);
        else if (parsed.GetValue(State) is { } name && !manifest.Operators.SelectMany(static o => o.States).Any(s => s.Schema.Name == name))
            throw new ToolException($"snapshot {manifest.Id} has no state '{name}'; it has {Names(manifest.Operators.SelectMany(static o => o.States).Select(static s => s.Schema.Name).Distinct(StringComparer.Ordinal))}", ExitCodes.Refused);
    }

    static OperatorEntry Find(string id, SnapshotManifest manifest) => manifest.Operators.FirstOrDefault(o => o.Id == id)
        ?? throw new ToolException($"snapshot {manifest.Id} has no operator '{id}'; it has {Names(manifest.Operators.Where(static o => o.States.Count > 0).Select(static o => o.Id))}", ExitCodes.Refused);

    /// <summary>The condition that was given, for a state; null for none.</summary>
    /// <exception cref="PredicateException">It cannot be understood.</exception>
    StatePredicate? Condition(ParseResult parsed, StateColumns columns) => parsed.GetValue(Where) is { } text ? StatePredicate.Parse(text, columns) : null;

    /// <summary>The key that was given; null for none.</summary>
    StateValue? KeyOf(ParseResult parsed, StateColumns columns, string stateName)
    {
        if (parsed.GetValue(Key) is not { } text) return null;
        if (columns.Key is null) throw new ToolException($"state '{stateName}' has no keys: leave out --key", ExitCodes.Refused);
        try
        {
            return columns.Key.Parse(text);
        }
        catch (FormatException wrong)
        {
            throw new ToolException($"--key: {wrong.Message}; keys of state '{stateName}' are {columns.Key}", ExitCodes.Refused);
        }
    }

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
