using System.Linq.Expressions;

namespace Millrace.Connectors.PostgreSql;

/// <summary>How values are sent: as types the driver has, that may be null.</summary>
static class SentValue
{
    static readonly HashSet<Type> s_asTheyAre =
    [
        typeof(string), typeof(byte[]), typeof(bool), typeof(short), typeof(int), typeof(long), typeof(float), typeof(double), typeof(decimal), typeof(Guid),
        typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan),
    ];

    static readonly Dictionary<Type, Type> s_wider = new()
    {
        [typeof(byte)] = typeof(short), [typeof(sbyte)] = typeof(short), [typeof(ushort)] = typeof(int), [typeof(uint)] = typeof(long), [typeof(ulong)] = typeof(decimal),
    };

    /// <summary>The type values of a type are sent as, before it may be null; null when they cannot be sent.</summary>
    public static Type? TypeOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (s_asTheyAre.Contains(type)) return type;
        if (s_wider.TryGetValue(type, out Type? wider)) return wider;
        if (type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(Timestamp)) return typeof(DateTime);
        return type.IsEnum || type == typeof(char) ? typeof(string) : null;
    }

    /// <summary>An expression of the value as it is sent.</summary>
    public static Expression Convert(Expression value)
    {
        Type sent = TypeOf(value.Type)!;
        Type nullable = sent.IsValueType ? typeof(Nullable<>).MakeGenericType(sent) : sent;
        if (Nullable.GetUnderlyingType(value.Type) is null) return Expression.Convert(Bare(value), nullable);
        ParameterExpression local = Expression.Variable(value.Type);
        return Expression.Block(
            [local], Expression.Assign(local, value),
            Expression.Condition(
                Expression.Property(local, "HasValue"), Expression.Convert(Bare(Expression.Property(local, "Value")), nullable), Expression.Constant(null, nullable)));
    }

    static Expression Bare(Expression value)
    {
        Type type = value.Type, sent = TypeOf(type)!;
        if (type == sent && type != typeof(DateTime)) return value;
        if (type == typeof(DateTime)) return Call<DateTime, DateTime>(Utc, value);
        if (type == typeof(DateTimeOffset)) return Expression.Property(value, nameof(DateTimeOffset.UtcDateTime));
        if (type == typeof(Timestamp)) return Expression.Call(value, nameof(Timestamp.ToDateTime), null);
        if (type.IsEnum || type == typeof(char)) return Expression.Call(value, typeof(object).GetMethod(nameof(ToString))!);
        return Expression.Convert(value, sent);
    }

    // Times without a zone are UTC, as everywhere in Millrace.
    static DateTime Utc(DateTime value) => value.Kind == DateTimeKind.Local ? value.ToUniversalTime() : DateTime.SpecifyKind(value, DateTimeKind.Utc);

    static MethodCallExpression Call<TFrom, TTo>(Func<TFrom, TTo> method, Expression value) => Expression.Call(method.Method, value);
}
