using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Text;

namespace Millrace.Connectors.Files;

/// <summary>
/// How columns become a record: compiled from expression trees into one delegate per order of columns, so that a row costs its
/// conversions and one constructor call. Thread-safe; shared by all readers of a source.
/// </summary>
internal sealed class CsvMapping<T>
{
    const int Missing = -1;
    const int Ambiguous = -2;

    readonly ConcurrentDictionary<string, Func<CsvRow, T>> _binders = new(StringComparer.Ordinal);
    readonly CsvOptions _options;
    readonly IReadOnlyList<CsvMember> _members;

    public CsvMapping(CsvOptions options)
    {
        _options = options;
        _members = TakesBareFields ? [] : CsvMember.ToRead(typeof(T));
    }

    /// <summary>How many columns a row without a header has; null for any number.</summary>
    public int? ColumnsWithoutHeader => TakesBareFields ? null : _members.Count;

    public IEnumerable<string> Problems
    {
        get
        {
            if (TakesBareFields) yield break;
            if (typeof(T).IsAbstract || _members.Count == 0 || (CsvMember.ConstructorOf(typeof(T)) is null && !typeof(T).IsValueType))
            {
                yield return $"CSV rows cannot become {typeof(T).Name}: it needs a public constructor with parameters, or settable properties; "
                    + "use a record, or string[] for the bare fields";
                yield break;
            }

            foreach (CsvMember member in _members.Where(static m => CsvFields.ReaderOf(m.Type) is null))
            {
                yield return $"CSV fields cannot become {member.Type.Name}, the type of {typeof(T).Name}.{member.Source?.Name ?? member.Parameter!.Name}; "
                    + "use text, numbers, dates, enums, or a type that implements ISpanParsable<T>";
            }
        }
    }

    static bool TakesBareFields => typeof(T) == typeof(string[]);

    /// <summary>The binder of columns in the order of the members.</summary>
    public Func<CsvRow, T> BindByPosition() => Bind([.. Enumerable.Range(0, _members.Count)]);

    /// <summary>The binder of columns in the order of a header.</summary>
    public bool TryBind(string[] header, [NotNullWhen(true)] out Func<CsvRow, T>? binder, [NotNullWhen(false)] out string? problem)
    {
        int[] columns = [.. _members.Select(m => Find(header, m.Column))];
        string[] missing =
        [
            .. _members.Where((m, i) => columns[i] == Missing && !m.IsOptional && !_options.AllowMissingColumns)
                .Select(static m => $"'{m.Column}'"),
        ];
        string[] twice = [.. _members.Where((_, i) => columns[i] == Ambiguous).Select(static m => $"'{m.Column}'")];
        problem = missing.Length > 0
            ? $"{typeof(T).Name} needs {string.Join(", ", missing)}, and the columns are "
                + $"{string.Join(", ", header.Select(static c => $"'{c}'"))}; name the column with [CsvColumn(\"…\")], give the parameter a default value, "
                + "or set CsvOptions.AllowMissingColumns"
            : twice.Length > 0
                ? $"{string.Join(", ", twice)} stands for more than one column; rename one, or name another with [CsvColumn(\"…\")]"
                : null;
        binder = problem is null ? Bind(columns) : null;
        return problem is null;
    }

    static int Find(string[] header, string name)
    {
        int found = Only(header, name, static column => column);
        return found == Missing ? Only(header, name, Bare) : found;
    }

    static int Only(string[] header, string name, Func<string, string> form)
    {
        string sought = form(name);
        int[] found =
        [
            .. Enumerable.Range(0, header.Length).Where(i => string.Equals(form(header[i]), sought, StringComparison.OrdinalIgnoreCase)),
        ];
        return found.Length switch { 0 => Missing, 1 => found[0], _ => Ambiguous };
    }

    static string Bare(string name) => new StringBuilder(name).Replace("_", "").Replace("-", "").Replace(" ", "").ToString();

    Func<CsvRow, T> Bind(int[] columns) => _binders.GetOrAdd(string.Join(',', columns), _ => Compile(columns));

    Func<CsvRow, T> Compile(int[] columns)
    {
        if (TakesBareFields) return (Func<CsvRow, T>)(object)(Func<CsvRow, string[]>)CsvFields.All;
        ParameterExpression row = Expression.Parameter(typeof(CsvRow), "row");
        ParameterExpression[] values = [.. _members.Select(static m => Expression.Variable(m.Type, m.Column))];
        // Every field is read before the constructor runs, which so never sees the stand-in for a field that could not be read.
        var reads = _members.Select((m, i) => Expression.Assign(values[i], columns[i] == Missing ? Default(m) : Read(m, row, columns[i])));
        Expression made = Expression.Condition(
            Expression.Property(row, nameof(CsvRow.HasFailed)), Expression.Default(typeof(T)), Make(values, columns), typeof(T));
        return Expression.Lambda<Func<CsvRow, T>>(Expression.Block(typeof(T), values, [.. reads, made]), row).Compile();
    }

    Expression Make(ParameterExpression[] values, int[] columns)
    {
        ConstructorInfo? constructor = CsvMember.ConstructorOf(typeof(T));
        var arguments = values.Where((_, i) => _members[i].Parameter is not null);
        NewExpression made = constructor is null ? Expression.New(typeof(T)) : Expression.New(constructor, arguments);
        MemberBinding[] bindings =
        [
            .. _members.Select((m, i) => (m, i)).Where(p => p.m.Parameter is null && columns[p.i] != Missing)
                .Select(p => Expression.Bind(p.m.Source!, values[p.i])),
        ];
        return bindings.Length == 0 ? made : Expression.MemberInit(made, bindings);
    }

    static Expression Read(CsvMember member, ParameterExpression row, int column) =>
        Expression.Call(CsvFields.ReaderOf(member.Type)!, row, Expression.Constant(column));

    static Expression Default(CsvMember member) => member.IsOptional && member.Parameter!.DefaultValue is { } value
        ? Expression.Convert(Expression.Constant(value), member.Type)
        : Expression.Default(member.Type);
}
