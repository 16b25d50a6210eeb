using System.Globalization;
using System.Text.Json;
using Millrace.State.Offline;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>Prints what differs between two snapshots, one state after the other; as much as is reasonable when all are compared, so that it can be begun anew. Used by one thread.</summary>
internal abstract class DifferenceWriter
{
    /// <summary>Whether rows are printed as they come.</summary>
    public abstract bool IsStreamed { get; }

    /// <summary>Whether any of it is out.</summary>
    public abstract bool HasTold { get; }

    /// <summary>One of a format.</summary>
    /// <param name="format">Which.</param>
    /// <param name="tool">Where it goes.</param>
    /// <param name="keepsExpired">Whether rows that were over are among those compared.</param>
    public static DifferenceWriter Of(RowFormat format, Tool tool, bool keepsExpired) => format switch
    {
        RowFormat.Json => new JsonDifferences(tool),
        RowFormat.Csv => new CsvDifferences(tool, keepsExpired),
        _ => new DifferenceTable(tool, keepsExpired),
    };

    /// <summary>Says something that is no row.</summary>
    public abstract void Tell(string line);

    /// <summary>Begins a state.</summary>
    public abstract void Begin(string operatorId, string stateName);

    /// <summary>Adds a row of it.</summary>
    public abstract void Add(RowDifference difference);

    /// <summary>Ends it.</summary>
    /// <param name="tally">Its counts.</param>
    public abstract void End(DifferenceTally tally);

    /// <summary>All states are compared: lets out what is left.</summary>
    public abstract void Complete();

    /// <summary>The counts of a state in a line.</summary>
    protected static string Counts(string operatorId, string stateName, DifferenceTally tally, bool keepsExpired)
    {
        string expired = tally.ExpiredBefore.Count + tally.ExpiredAfter.Count == 0 ? ""
            : $"; {(keepsExpired ? "expired rows among them" : "expired rows left out")}: {tally.ExpiredBefore.Count:N0} of the first, {tally.ExpiredAfter.Count:N0} of the second";
        return $"{operatorId}/{stateName}: {tally.Added:N0} added, {tally.Removed:N0} removed, {tally.Changed:N0} changed, {tally.Same:N0} the same{expired}";
    }
}

/// <summary>Tables for people, below the counts of each state.</summary>
internal sealed class DifferenceTable(Tool tool, bool keepsExpired) : DifferenceWriter
{
    readonly List<Action> _held = [];
    List<RowDifference> _rows = [];
    string _operator = "", _state = "";

    public override bool IsStreamed => false;

    public override bool HasTold => false;

    public override void Tell(string line) => _held.Add(() => tool.Output.WriteLine(line));

    public override void Begin(string operatorId, string stateName)
    {
        (_operator, _state) = (operatorId, stateName);
        _rows = [];
    }

    public override void Add(RowDifference difference) => _rows.Add(difference);

    public override void End(DifferenceTally tally)
    {
        Tell(Counts(_operator, _state, tally, keepsExpired));
        long left = tally.Added + tally.Removed + tally.Changed - _rows.Count;
        if (_rows.Count == 0) return;
        Table table = TableOf(_rows);
        _held.Add(() => tool.Print(table));
        if (left > 0) Tell($"… and {left:N0} more; --limit shows them");
    }

    public override void Complete() => _held.ForEach(static print => print());

    static Table TableOf(List<RowDifference> rows)
    {
        bool hasKeys = rows.Exists(static d => !d.Key.IsAbsent), hasSubs = rows.Exists(static d => !d.Sub.IsAbsent);
        Table table = Tool.Table([" ", .. hasKeys ? ["key"] : (string[])[], .. hasSubs ? ["sub-key"] : (string[])[], "before", "after"]);
        foreach (RowDifference d in rows)
        {
            string sign = d.Change switch { RowChange.Added => "+", RowChange.Removed => "-", _ => "~" };
            Tool.Add(table, [sign, .. hasKeys ? [StateCommands.Cell(d.Key)] : (string[])[], .. hasSubs ? [StateCommands.Cell(d.Sub)] : (string[])[], Cell(d.Before), Cell(d.After)]);
        }

        return table;
    }

    static string Cell(StateValue value) => value.IsAbsent ? "" : StateCommands.Cell(value);
}

/// <summary>Lines of JSON: one per row, then one with the counts of its state.</summary>
internal sealed class JsonDifferences(Tool tool) : DifferenceWriter
{
    readonly HeldOutput _output = new(tool.Output, StateCommands.HeldBytesMax);
    readonly List<string> _told = [];
    string _place = "";

    public override bool IsStreamed => true;

    public override bool HasTold => _output.HasTold;

    public override void Tell(string line) => _told.Add(line);

    public override void Begin(string operatorId, string stateName) => _place = $"\"operator\":{JsonSerializer.Serialize(operatorId)},\"state\":{JsonSerializer.Serialize(stateName)}";

    public override void Add(RowDifference difference)
    {
        string sub = difference.Sub.IsAbsent ? "" : $",\"sub\":{difference.Sub.ToJson()}";
        _output.Add(
            $"{{{_place},\"change\":\"{difference.Change.ToString().ToLowerInvariant()}\",\"key\":{difference.Key.ToJson()}{sub},\"before\":{difference.Before.ToJson()},\"after\":{difference.After.ToJson()}}}\n");
    }

    public override void End(DifferenceTally tally) => _output.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"{{{_place},\"added\":{tally.Added},\"removed\":{tally.Removed},\"changed\":{tally.Changed},\"same\":{tally.Same},\"expiredBefore\":{tally.ExpiredBefore.Count},\"expiredAfter\":{tally.ExpiredAfter.Count}}}\n"));

    public override void Complete()
    {
        _output.End();
        _told.ForEach(tool.Error.WriteLine);
    }
}

/// <summary>Comma-separated values, with one heading for all states; values of several members are JSON. Counts go to the standard error.</summary>
internal sealed class CsvDifferences : DifferenceWriter
{
    readonly HeldOutput _output;
    readonly List<string> _told = [];
    readonly Tool _tool;
    readonly bool _keepsExpired;
    string _operator = "", _state = "";

    public CsvDifferences(Tool tool, bool keepsExpired)
    {
        _tool = tool;
        _keepsExpired = keepsExpired;
        _output = new(tool.Output, StateCommands.HeldBytesMax);
        _output.Add("operator,state,change,key,sub,before,after\n");
    }

    public override bool IsStreamed => true;

    public override bool HasTold => _output.HasTold;

    public override void Tell(string line) => _told.Add(line);

    public override void Begin(string operatorId, string stateName) => (_operator, _state) = (operatorId, stateName);

    public override void Add(RowDifference difference)
    {
        string?[] cells =
        [
            _operator, _state, difference.Change.ToString().ToLowerInvariant(), Cell(difference.Key), Cell(difference.Sub), Cell(difference.Before), Cell(difference.After),
        ];
        _output.Add($"{string.Join(',', cells.Select(RowWriter.CsvCell))}\n");
    }

    public override void End(DifferenceTally tally) => Tell($"millrace: {Counts(_operator, _state, tally, _keepsExpired)}");

    public override void Complete()
    {
        _output.End();
        _told.ForEach(_tool.Error.WriteLine);
    }

    static string? Cell(StateValue value) => value.IsAbsent ? null : value.ToString();
}
