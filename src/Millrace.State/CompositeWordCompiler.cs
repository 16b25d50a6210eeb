using System.Linq.Expressions;
using System.Reflection;

namespace Millrace.State;

/// <summary>
/// Compiles the canonical word of a composite key: the words of its members folded in name order, starting from the seed.
/// A nested composite contributes its own word, an absent value <see cref="KeyHash.NullWord"/>.
/// </summary>
internal static class CompositeWordCompiler
{
    static readonly MethodInfo s_fold = typeof(KeyHash).GetMethod(nameof(KeyHash.Fold), BindingFlags.NonPublic | BindingFlags.Static)!;
    static readonly Expression s_null = Expression.Constant(KeyHash.NullWord);

    public static CompositeWord<TKey> Compile<TKey>()
    {
        ParameterExpression key = Expression.Parameter(typeof(TKey).MakeByRefType(), "key");
        return Expression.Lambda<CompositeWord<TKey>>(FoldFields(key, typeof(TKey)), key).Compile();
    }

    static Expression FoldFields(Expression value, Type type)
    {
        Expression state = Expression.Constant(KeyHash.Seed);
        foreach ((_, FieldInfo field) in GeneratedEquality.FieldsOf(type))
        {
            state = Expression.Call(s_fold, state, WordOf(Expression.Field(value, field), field.FieldType));
        }

        return state;
    }

    static Expression WordOf(Expression value, Type type)
    {
        if (type.IsEnum) return WordOf(Expression.Convert(value, type.GetEnumUnderlyingType()), type.GetEnumUnderlyingType());
        // The word of an integer is the integer; a conversion costs less than a call out of compiled code.
        if (type == typeof(int) || type == typeof(long)) return Expression.Convert(Expression.Convert(value, typeof(long)), typeof(ulong));
        if (KeyTypeCheck.IsScalar(type)) return Expression.Call(typeof(KeyWord).GetMethod(nameof(KeyWord.Of), [type])!, value);

        ParameterExpression member = Expression.Variable(type);
        Expression word;
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            Expression present = WordOf(Expression.Call(member, nameof(Nullable<>.GetValueOrDefault), null), underlying);
            word = Expression.Condition(Expression.Property(member, nameof(Nullable<>.HasValue)), present, s_null);
        }
        else
        {
            word = FoldFields(member, type);
            if (!type.IsValueType) word = Expression.Condition(Expression.ReferenceEqual(member, Expression.Constant(null, type)), s_null, word);
        }

        return Expression.Block([member], Expression.Assign(member, value), word);
    }
}
