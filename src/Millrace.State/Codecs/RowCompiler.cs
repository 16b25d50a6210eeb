using System.Linq.Expressions;
using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>
/// Compiles the reading and writing of a row: presence bits of the members that need one, eight to a byte, then the members in
/// order. Scalars are written inline; everything else goes through the codec of the member.
/// </summary>
internal sealed class RowCompiler(Func<Type, Codec> codecOf, bool canonical)
{
    const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
    const int BitsPerByte = 8;

    static readonly MethodInfo s_writeByte = typeof(CodecWriter).GetMethod(nameof(CodecWriter.WriteByte))!;
    static readonly MethodInfo s_readBits = typeof(CodecReader).GetMethod(nameof(CodecReader.ReadBits))!;

    readonly ParameterExpression _writer = Expression.Parameter(typeof(CodecWriter).MakeByRefType(), "writer");
    readonly ParameterExpression _reader = Expression.Parameter(typeof(CodecReader).MakeByRefType(), "reader");

    /// <summary>The delegate that writes a scalar or enumeration.</summary>
    public WriteValue<T> ScalarWriter<T>(TypeShape shape)
    {
        ParameterExpression value = Expression.Parameter(typeof(T), "value");
        return Expression.Lambda<WriteValue<T>>(WriteScalar(value, shape), _writer, value).Compile();
    }

    /// <summary>The delegate that reads a scalar or enumeration.</summary>
    public ReadValue<T> ScalarReader<T>(TypeShape shape) => Expression.Lambda<ReadValue<T>>(ReadScalar(typeof(T), shape), _reader).Compile();

    /// <summary>The delegate that writes the body of a row.</summary>
    public WriteValue<T> RowWriter<T>(RowShape row)
    {
        ParameterExpression value = Expression.Parameter(typeof(T), "value");
        ParameterExpression[] locals = [.. row.Members.Select(m => Expression.Variable(m.Type, m.Name))];
        List<Expression> steps = [.. row.Members.Select((m, i) => Expression.Assign(locals[i], Expression.MakeMemberAccess(value, m.Member)))];
        int[] marked = MarkedMembers(row);
        for (int first = 0; first < marked.Length; first += BitsPerByte)
        {
            IEnumerable<Expression> bits = marked.Skip(first).Take(BitsPerByte).Select((m, bit) => PresenceBit(locals[m], bit));
            steps.Add(Expression.Call(_writer, s_writeByte, Expression.Convert(bits.Aggregate(Expression.Or), typeof(byte))));
        }

        steps.AddRange(row.Members.Select((m, i) => WriteMember(locals[i], marked.Contains(i))));
        // Every value takes a byte, so that counts are bounded by bytes.
        if (row.Members.Count == 0) steps.Add(Expression.Call(_writer, s_writeByte, Expression.Constant((byte)0)));
        return Expression.Lambda<WriteValue<T>>(Expression.Block(locals, steps), _writer, value).Compile();
    }

    /// <summary>The delegate that reads the body of a row.</summary>
    public ReadValue<T> RowReader<T>(RowShape row)
    {
        ParameterExpression[] locals = [.. row.Members.Select(m => Expression.Variable(m.Type, m.Name))];
        int[] marked = MarkedMembers(row);
        ParameterExpression[] bits = [.. Enumerable.Range(0, (marked.Length + BitsPerByte - 1) / BitsPerByte).Select(_ => Expression.Variable(typeof(byte)))];
        List<Expression> steps = [.. bits.Select((b, i) => Expression.Assign(b, Expression.Call(_reader, s_readBits, Expression.Constant(Math.Min(BitsPerByte, marked.Length - (i * BitsPerByte))))))];
        if (row.Members.Count == 0) steps.Add(Expression.Call(_reader, typeof(CodecReader).GetMethod(nameof(CodecReader.ReadEmptyRow), Internal)!));
        for (int i = 0; i < locals.Length; i++)
        {
            Expression read = ReadMember(row.Members[i].Type, Array.IndexOf(marked, i), bits);
            steps.Add(Expression.Assign(locals[i], read));
        }

        steps.Add(Make(typeof(T), row, locals));
        return Expression.Lambda<ReadValue<T>>(Expression.Block([.. locals, .. bits], steps), _reader).Compile();
    }

    static int[] MarkedMembers(RowShape row) =>
        [.. Enumerable.Range(0, row.Members.Count).Where(i => TypeShape.Of(row.Members[i].Type).NeedsPresence(row.Members[i].Type))];

    static Expression PresenceBit(Expression local, int bit) =>
        Expression.Condition(IsPresent(local), Expression.Constant(1 << bit), Expression.Constant(0));

    static Expression IsPresent(Expression local) => local.Type.IsValueType
        ? Expression.Property(local, nameof(Nullable<>.HasValue))
        : Expression.ReferenceNotEqual(local, Expression.Constant(null, local.Type));

    Expression WriteMember(ParameterExpression local, bool marked)
    {
        TypeShape shape = TypeShape.Of(local.Type);
        if (!marked) return WriteValue(local, shape, nameof(Codec<>.Write));
        Expression body = shape is TypeShape.Nullable { Inner: var inner }
            ? WriteValue(Expression.Call(local, nameof(Nullable<>.GetValueOrDefault), null), TypeShape.Of(inner), nameof(Codec<>.Write))
            : WriteValue(local, shape, nameof(Codec<>.WriteBody));
        return Expression.IfThen(IsPresent(local), body);
    }

    Expression WriteValue(Expression value, TypeShape shape, string method)
    {
        if (shape is TypeShape.Scalar or TypeShape.Enumeration) return WriteScalar(value, shape);
        Codec codec = codecOf(value.Type);
        Type type = typeof(Codec<>).MakeGenericType(value.Type);
        return Expression.Call(Expression.Constant(codec, type), type.GetMethod(method, Internal)!, _writer, value);
    }

    Expression WriteScalar(Expression value, TypeShape shape)
    {
        if (shape is TypeShape.Enumeration enumeration) return WriteScalar(Expression.Convert(value, enumeration.Underlying), TypeShape.Of(enumeration.Underlying));
        if (canonical && CanonicalKey.FormOf(value.Type) is { } form) value = Expression.Call(form, value);
        return Expression.Call(_writer, ((TypeShape.Scalar)shape).Encoding.WriteMethod, value);
    }

    Expression ReadMember(Type type, int mark, ParameterExpression[] bits)
    {
        TypeShape shape = TypeShape.Of(type);
        if (mark < 0) return ReadValue(type, shape, nameof(Codec<>.Read));
        Expression body = shape is TypeShape.Nullable { Inner: var inner }
            ? Expression.Convert(ReadValue(inner, TypeShape.Of(inner), nameof(Codec<>.Read)), type)
            : ReadValue(type, shape, nameof(Codec<>.ReadBody));
        Expression bit = Expression.And(Expression.Convert(bits[mark / BitsPerByte], typeof(int)), Expression.Constant(1 << (mark % BitsPerByte)));
        return Expression.Condition(Expression.NotEqual(bit, Expression.Constant(0)), body, Expression.Default(type));
    }

    Expression ReadValue(Type value, TypeShape shape, string method)
    {
        if (shape is TypeShape.Scalar or TypeShape.Enumeration) return ReadScalar(value, shape);
        Type type = typeof(Codec<>).MakeGenericType(value);
        return Expression.Call(Expression.Constant(codecOf(value), type), type.GetMethod(method, Internal)!, _reader);
    }

    Expression ReadScalar(Type value, TypeShape shape) => shape is TypeShape.Enumeration enumeration
        ? Expression.Convert(ReadScalar(enumeration.Underlying, TypeShape.Of(enumeration.Underlying)), value)
        : Expression.Call(_reader, ((TypeShape.Scalar)shape).Encoding.ReadMethod);

    // What the constructor takes is not set again: a setter may do more than store.
    internal static Expression Make(Type type, RowShape row, Expression[] locals, Func<int, bool>? isSet = null)
    {
        NewExpression made = row.Constructor is { } constructor ? Expression.New(constructor, row.Arguments.Select(a => locals[a])) : Expression.New(type);
        MemberAssignment[] set =
        [
            .. row.Members.Select((m, i) => (m, i)).Where(x => !row.Arguments.Contains(x.i) && isSet?.Invoke(x.i) != false)
                .Select(x => Expression.Bind(SettableOn(x.m.Member), locals[x.i])),
        ];
        return set.Length == 0 ? made : Expression.MemberInit(made, set);
    }

    // An inherited private setter shows only on the declaring type.
    static MemberInfo SettableOn(MemberInfo member) => member is PropertyInfo { DeclaringType: { } declaring } property
        ? declaring.GetProperty(property.Name, Internal | BindingFlags.DeclaredOnly) ?? property
        : member;
}
