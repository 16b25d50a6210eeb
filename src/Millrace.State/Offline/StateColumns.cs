using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <summary>How the rows of a state are kept.</summary>
enum RowForm
{
    /// <summary>One row per key, or per key and sub-key.</summary>
    Plain,

    /// <summary>The chunks of a list: <c>docs/FORMATS.md</c>, section "Rows of state".</summary>
    List,

    /// <summary>An entry of a map with its place in the order of insertion.</summary>
    Map,

    /// <summary>The deadline of a key with the order of setting.</summary>
    Timer,

    /// <summary>A deadline of a key.</summary>
    TimerSet,

    /// <summary>Items of operator state, which are in the manifest.</summary>
    Items,

    /// <summary>Records on their way to an operator.</summary>
    InFlight,
}

/// <summary>
/// What the rows of a state are for people: the columns of a table, by the kind of the state. Immutable and thread-safe.
/// <code>
/// value, fold, reducing, aggregating    key, value              list    key, index, value
/// windows                               key, window, value      map     key, mapKey, value
/// timers                                key, deadline           items   subtask, value, text, watermark
/// </code>
/// Where a query asks for them, state with a TTL has <c>renewed</c>, <c>expires</c> and <c>isExpired</c> after these.
/// </summary>
public sealed class StateColumns
{
    readonly RowNode _row;
    readonly (bool Times, bool Expired) _shown;

    StateColumns(StateSchema schema, RowForm form, ValueSchema? key, ValueSchema? sub, ValueSchema value, RowNode row, (bool Times, bool Expired) shown)
    {
        _shown = shown;
        Schema = schema;
        Form = form;
        Key = key;
        Sub = sub;
        Value = value;
        _row = row;
    }

    /// <summary>The state.</summary>
    public StateSchema Schema { get; }

    /// <summary>How keys are read and written; null for state without keys.</summary>
    public ValueSchema? Key { get; }

    /// <summary>How what tells rows of one key apart is read and written; null when there is one row per key.</summary>
    public ValueSchema? Sub { get; }

    /// <summary>How the stored values are read and written.</summary>
    public ValueSchema Value { get; }

    /// <summary>The names of the columns.</summary>
    public IReadOnlyList<string> Names => _row.Names.Members;

    /// <summary>The columns as they stand in a file of comma-separated values: members of rows have columns of their own, <c>value.Total</c>.</summary>
    public IReadOnlyList<string> FlatNames => [.. Names.SelectMany((name, i) => FlatMembers(i) is { } members ? members.Names.Members.Select(m => $"{name}.{m}") : [name])];

    /// <summary>The columns with their types, for people: <c>key: string</c>.</summary>
    public IReadOnlyList<string> Describe() => [.. Names.Select((name, i) => $"{name}: {_row.Members[i].Text}")];

    internal RowForm Form { get; }

    internal RowNode Row => _row;

    /// <summary>Prepares a state for reading.</summary>
    /// <param name="schema">The state.</param>
    /// <param name="withTimes">Whether there are columns for when a row was renewed and when it expires; for state with a TTL.</param>
    /// <param name="withExpired">Whether there is a column for whether a row was over; for state with a TTL.</param>
    /// <exception cref="CorruptDataException">Its schemas are contradictory, or mention what this version does not know.</exception>
    public static StateColumns Of(StateSchema schema, bool withTimes = false, bool withExpired = false)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ValueSchema? key = schema.Key is null ? null : ValueSchema.Of(schema.Key), sub = schema.Sub is null ? null : ValueSchema.Of(schema.Sub);
        ValueSchema value = ValueSchema.Of(schema.Value);
        RowForm form = FormOf(schema, value);
        (string Name, ValueNode Node)[] columns = form switch
        {
            RowForm.Items => [("subtask", Scalar("int32")), ("value", value.Root), ("text", Scalar("string")), ("watermark", new OptionalNode(Scalar("timestamp")))],
            RowForm.InFlight => [("value", value.Root)],
            RowForm.List => [("key", key!.Root), ("index", Scalar("int32")), ("value", ((ListNode)value.Root.Core).Element)],
            RowForm.Map => [("key", key!.Root), ("mapKey", sub!.Root), ("value", ((RowNode)value.Root.Core).Members[1])],
            RowForm.Timer => [("key", key!.Root), ("deadline", ((RowNode)value.Root.Core).Members[0])],
            RowForm.TimerSet => [("key", key!.Root), ("deadline", sub!.Root)],
            _ when key is null => [("value", value.Root)],
            _ when sub is null => [("key", key.Root), ("value", value.Root)],
            _ => [("key", key.Root), (sub.Root is ScalarNode { Form.Name: "ordered64" } ? "window" : "sub", sub.Root), ("value", value.Root)],
        };
        (bool Times, bool Expired) shown = schema.Ttl is null ? default : (withTimes, withExpired);
        if (shown.Times) columns = [.. columns, ("renewed", new OptionalNode(Scalar("timestamp"))), ("expires", new OptionalNode(Scalar("timestamp")))];
        if (shown.Expired) columns = [.. columns, ("isExpired", Scalar("bool"))];
        RowNode row = new(schema.Name, new([.. columns.Select(static c => c.Name)], null, isTuple: false));
        row.Resolve([.. columns.Select(static c => c.Node)]);
        return new(schema, form, key, sub, value, row, shown);
    }

    /// <summary>The cells of the columns that a query asks for besides.</summary>
    /// <param name="renewed">When it was last renewed; none where that was before there was event time: then it has no end yet.</param>
    /// <param name="isExpired">Whether it was over.</param>
    internal StateValue[] TimeCells(Timestamp renewed, bool isExpired)
    {
        StateValue[] times = !_shown.Times ? []
            : renewed.IsNone ? [StateValue.Absent, StateValue.Absent]
            : [StateValue.Scalar.Of(renewed), StateValue.Scalar.Of(renewed + Schema.Ttl!.Lifetime)];
        return _shown.Expired ? [.. times, StateValue.Scalar.Of(isExpired)] : times;
    }

    /// <summary>Whether rows have cells besides.</summary>
    internal bool HasTimeCells => _shown != default;

    /// <summary>The cells of a row under <see cref="FlatNames"/>; null where a member of an absent row would be.</summary>
    /// <param name="row">A row of the state.</param>
    public IEnumerable<StateValue?> FlatCells(StateValue.Row row)
    {
        ArgumentNullException.ThrowIfNull(row);
        for (int i = 0; i < Names.Count; i++)
        {
            if (FlatMembers(i) is not { } members) yield return row.Values[i];
            else for (int m = 0; m < members.Members.Count; m++) yield return (row.Values[i] as StateValue.Row)?.Values[m];
        }
    }

    /// <summary>The row of a column whose members have columns of their own; null for others.</summary>
    RowNode? FlatMembers(int column) => _row.Members[column].Core is RowNode { Names.IsTuple: false, Members.Count: > 0 } row ? row : null;

    static ScalarNode Scalar(string name) => new(ScalarForm.OfName(name)!);

    // By the kind where the schema is what the kind says; a state of a kind that is not known here is shown as it is stored.
    static RowForm FormOf(StateSchema schema, ValueSchema value)
    {
        if (schema.Layout == StateLayout.InFlight) return RowForm.InFlight;
        if (schema.Layout != StateLayout.Keyed) return RowForm.Items;
        string? sub = schema.Sub?.Root is SchemaType.Scalar scalar ? scalar.Name : null;
        bool isPair = value.Root.Core is RowNode { Names.IsTuple: true, Members.Count: 2 };
        return schema.Kind switch
        {
            _ when schema.Key is null => RowForm.Plain,
            "list" when sub == "int32" && value.Root.Core is ListNode => RowForm.List,
            "map" when schema.Sub is not null && isPair => RowForm.Map,
            "event-timer" or "processing-timer" when schema.Sub is null && isPair => RowForm.Timer,
            "event-timer-set" or "processing-timer-set" when sub == "timestamp" => RowForm.TimerSet,
            _ => RowForm.Plain,
        };
    }
}
