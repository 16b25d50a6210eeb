namespace Millrace.State.Offline;

/// <summary>
/// A condition on the rows of a state. Immutable and thread-safe. The language:
/// <code>
/// condition  = condition "or" condition | condition "and" condition | "not" condition | "(" condition ")" | comparison | path
/// comparison = operand ("=" | "!=" | "&lt;" | "&lt;=" | "&gt;" | "&gt;=") operand
/// operand    = path | number | 'text' | "text" | true | false | null
/// path       = name { "." name | "[" number "]" | "['key']" }
/// </code>
/// A path begins with a column (<see cref="StateColumns.Names"/>), or with a member of the value or the key, in this order. <c>.count</c> is the number of
/// elements of a list, set or map; <c>.$case</c> the case of a closed hierarchy, members of other cases are null. Times are texts in ISO 8601, enumerations
/// their names. What is absent equals null alone; it is neither less nor greater than anything. A path alone is a boolean. Texts compare ordinally.
/// </summary>
public sealed class StatePredicate
{
    readonly Func<StateValue.Row, bool> _fits;

    StatePredicate(string text, Func<StateValue.Row, bool> fits)
    {
        Text = text;
        _fits = fits;
    }

    /// <summary>The condition as it was given.</summary>
    public string Text { get; }

    /// <summary>Understands a condition.</summary>
    /// <param name="text">The condition: <c>value.Total &gt;= 100 and not (key = 'EU')</c>.</param>
    /// <param name="columns">The state whose rows are asked.</param>
    /// <exception cref="PredicateException">It is none, names what there is not, or compares what cannot be compared; the message says where.</exception>
    public static StatePredicate Parse(string text, StateColumns columns)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(columns);
        return new(text, new PredicateParser(text, columns.Row).Parse());
    }

    /// <summary>Whether a row fits.</summary>
    /// <param name="row">A row of the state.</param>
    public bool Fits(StateValue.Row row) => _fits(row);

    /// <inheritdoc/>
    public override string ToString() => Text;
}

/// <summary>A condition cannot be understood.</summary>
/// <param name="why">A sentence with the cure.</param>
/// <param name="text">The condition.</param>
/// <param name="position">Where in it: 0 to its length.</param>
public sealed class PredicateException(string why, string text, int position) : FormatException($"{why} (at character {position + 1} of the condition: {Shown(text, position)})")
{
    /// <summary>Where in the condition: 0 to its length.</summary>
    public int Position => position;

    static string Shown(string text, int position) => $"{text[..position]}▸{text[position..]}";
}
