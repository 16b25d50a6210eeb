using System.Linq.Expressions;
using System.Reflection;
using System.Text;

namespace Millrace.Connectors.PostgreSql;

/// <summary>Which columns a record becomes. Immutable; shared by all writers of a sink.</summary>
internal sealed class RecordColumns<T>
{
    readonly IReadOnlyList<RecordColumn> _columns;
    readonly IReadOnlyList<string> _mistakes;

    RecordColumns(IReadOnlyList<RecordColumn> columns, IReadOnlyList<string> mistakes)
    {
        _columns = columns;
        _mistakes = mistakes;
    }

    /// <summary>A column per public property.</summary>
    public static RecordColumns<T> Default { get; } = new(
        [
            .. typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(static p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0).OrderBy(static p => p.MetadataToken).Select(Of),
        ], []);

    public IReadOnlyList<string> Names => [.. _columns.Select(static c => c.Name)];

    public IEnumerable<string> Problems
    {
        get
        {
            foreach (string mistake in _mistakes) yield return mistake;
            if (_columns.Count == 0) yield return $"{typeof(T).Name} has no public properties to be columns; use a record, or add columns with .Column";
            foreach (RecordColumn column in _columns.Where(static c => SentValue.TypeOf(c.Value.Body.Type) is null))
            {
                yield return $"{column.Value.Body.Type.Name}, the type of {typeof(T).Name}.{column.Property ?? column.Name}, cannot be sent to PostgreSQL; use text, numbers, dates, "
                    + "enums, Guid or byte[], say .Ignore, or add the column with .Column";
            }

            foreach (string twice in _columns.GroupBy(static c => c.Name).Where(static g => g.Count() > 1).Select(static g => g.Key))
                yield return $"two properties of {typeof(T).Name} become the column {twice}; say .Rename or .Ignore for one";
        }
    }

    public RecordColumns<T> Rename(string property, string column)
    {
        ArgumentNullException.ThrowIfNull(property);
        ArgumentNullException.ThrowIfNull(column);
        return Change(property, c => [c with { Name = column }]);
    }

    public RecordColumns<T> Ignore(string property)
    {
        ArgumentNullException.ThrowIfNull(property);
        return Change(property, static _ => []);
    }

    public RecordColumns<T> Add<TValue>(string column, Func<T, TValue> value)
    {
        ArgumentNullException.ThrowIfNull(column);
        ArgumentNullException.ThrowIfNull(value);
        ParameterExpression record = Expression.Parameter(typeof(T), "record");
        return new([.. _columns, new RecordColumn(column, null, Expression.Lambda(Expression.Invoke(Expression.Constant(value), record), record))], _mistakes);
    }

    public ColumnValues<T>[] CreateValues() => [.. _columns.Select(static c => c.CreateValues())];

    /// <summary><c>AirportHour</c> is <c>airport_hour</c>, <c>HTTPCode2</c> is <c>http_code2</c>.</summary>
    static string SnakeCase(string name)
    {
        StringBuilder text = new();
        for (int i = 0; i < name.Length; i++)
        {
            bool begins = char.IsUpper(name[i]) && i > 0 && name[i - 1] != '_'
                && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            if (begins) text.Append('_');
            text.Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    static RecordColumn Of(PropertyInfo property)
    {
        ParameterExpression record = Expression.Parameter(typeof(T), "record");
        return new(SnakeCase(property.Name), property.Name, Expression.Lambda(Expression.Property(record, property), record));
    }

    RecordColumns<T> Change(string property, Func<RecordColumn, IEnumerable<RecordColumn>> change) => _columns.Any(c => c.Property == property)
        ? new([.. _columns.SelectMany(c => c.Property == property ? change(c) : [c])], _mistakes)
        : new(_columns, [.. _mistakes, $"{typeof(T).Name} has no public property {property} to be renamed or ignored; use nameof"]);

    sealed record RecordColumn(string Name, string? Property, LambdaExpression Value)
    {
        readonly Lazy<Func<ColumnValues<T>>> _create = new(() => Compile(Value));

        public ColumnValues<T> CreateValues() => _create.Value();

        static Func<ColumnValues<T>> Compile(LambdaExpression value)
        {
            Expression sent = SentValue.Convert(value.Body);
            Delegate get = Expression.Lambda(typeof(Func<,>).MakeGenericType(typeof(T), sent.Type), sent, value.Parameters).Compile();
            Type values = typeof(ColumnValues<,>).MakeGenericType(typeof(T), sent.Type);
            return () => (ColumnValues<T>)Activator.CreateInstance(values, get)!;
        }
    }
}
