namespace Millrace;

/// <summary>A dialect of CSV. Immutable.</summary>
public sealed record CsvOptions
{
    /// <summary>What stands between fields.</summary>
    /// <value>An ASCII character other than a quote or a line end. The default is a comma.</value>
    public char Delimiter { get; init; } = ',';

    /// <summary>Whether files begin with a line of column names. Without one, columns go by position, in the order of constructor parameters.</summary>
    /// <value>The default is true.</value>
    public bool HasHeader { get; init; } = true;

    /// <summary>
    /// Whether members may go without a column. Constructor parameters then have their default, properties keep what the constructor gave
    /// them. Parameters with a default value may always go without.
    /// </summary>
    /// <value>The default is false: a missing column ends the job when the file is opened.</value>
    public bool AllowMissingColumns { get; init; }

    /// <summary>How dates and times are written, as a .NET format in the invariant culture: <c>dd.MM.yyyy HH:mm</c>. Without an offset they are UTC.</summary>
    /// <value>The default is null: ISO 8601, such as <c>2026-11-22T10:45:00.123Z</c>, also with a space for the T, slashes for the dashes, or without time.</value>
    public string? DateFormat { get; init; }

    internal IEnumerable<string> Problems =>
        Delimiter < 128 && Delimiter is not ('"' or '\r' or '\n')
            ? []
            : [$"the CSV delimiter is '{Delimiter}'; give an ASCII character other than a quote or a line end"];
}

/// <summary>Names the column of a constructor parameter or property, where it is not the member's own name.</summary>
/// <param name="name">As in the header; upper and lower case make no difference. Written as given.</param>
/// <remarks><see cref="System.Text.Json.Serialization.JsonPropertyNameAttribute"/> on a property does the same, if this one is absent.</remarks>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property | AttributeTargets.Field)]
public sealed class CsvColumnAttribute(string name) : Attribute
{
    /// <summary>The name of the column.</summary>
    public string Name { get; } = name ?? throw new ArgumentNullException(nameof(name));
}
