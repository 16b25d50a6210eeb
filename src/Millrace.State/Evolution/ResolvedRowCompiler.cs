using System.Linq.Expressions;
using System.Reflection;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Compiles the reading of rows that were written with other members, and of scalars of other types. Compare <see cref="RowCompiler"/>.</summary>
/// <param name="codecs">The codecs of what is inside.</param>
internal sealed class ResolvedRowCompiler(ResolvedCodecBuilder codecs)
{
    const BindingFlags Internal = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
    const int BitsPerByte = 8;

    static readonly MethodInfo s_readBits = typeof(CodecReader).GetMethod(nameof(CodecReader.ReadBits))!;
    static readonly MethodInfo s_readEmptyRow = typeof(CodecReader).GetMethod(nameof(CodecReader.ReadEmptyRow), Internal)!;
    static readonly MethodInfo s_skip = typeof(ValueSkipper.Skipper).GetMethod(nameof(ValueSkipper.Skipper.Skip))!;

    readonly ParameterExpression _reader = Expression.Parameter(typeof(CodecReader).MakeByRefType(), "reader");

    /// <summary>The delegate that reads a value.</summary>
    public ReadValue<T> Reader<T>(ReadPlan plan) =>
        Expression.Lambda<ReadValue<T>>(plan is ReadPlan.Row row ? ReadRow(row) : ReadScalar(plan), _reader).Compile();

    BlockExpression ReadRow(ReadPlan.Row row)
    {
        ParameterExpression[] locals = [.. row.Shape.Members.Select(m => Expression.Variable(m.Type, m.Name))];
        int[] marked = [.. Enumerable.Range(0, row.Steps.Count).Where(i => row.Steps[i].IsMarked)];
        ParameterExpression[] bits = [.. Enumerable.Range(0, (marked.Length + BitsPerByte - 1) / BitsPerByte).Select(_ => Expression.Variable(typeof(byte)))];
        List<Expression> steps =
        [
            .. bits.Select((b, i) => Expression.Assign(b, Expression.Call(_reader, s_readBits, Expression.Constant(Math.Min(BitsPerByte, marked.Length - (i * BitsPerByte)))))),
            .. row.Defaults.Where(d => d.Value is not null).Select(d => Expression.Assign(locals[d.Key], Expression.Convert(Expression.Constant(d.Value), locals[d.Key].Type))),
        ];
        if (row.Steps.Count == 0) steps.Add(Expression.Call(_reader, s_readEmptyRow));
        for (int i = 0; i < row.Steps.Count; i++) steps.Add(Step(row.Steps[i], locals, Array.IndexOf(marked, i), bits));
        HashSet<int> isSet = [.. row.Steps.Select(static s => s.Member), .. row.Defaults.Keys];
        steps.Add(RowCompiler.Make(row.Type, row.Shape, locals, isSet.Contains));
        return Expression.Block([.. locals, .. bits], steps);
    }

    Expression Step(RowStep step, ParameterExpression[] locals, int mark, ParameterExpression[] bits)
    {
        Expression read = step.Plan is null
            ? Expression.Call(Expression.Constant(codecs.SkipperOf(step.Written)), s_skip, _reader)
            : Expression.Assign(locals[step.Member], As(Read(step.Plan), locals[step.Member].Type));
        if (mark < 0) return read;
        Expression bit = Expression.And(Expression.Convert(bits[mark / BitsPerByte], typeof(int)), Expression.Constant(1 << (mark % BitsPerByte)));
        return Expression.IfThen(Expression.NotEqual(bit, Expression.Constant(0)), read);
    }

    // Scalars are read inline; everything else goes through its codec.
    Expression Read(ReadPlan plan) => plan switch
    {
        ReadPlan.Lifted lifted => As(Read(lifted.Inner), lifted.Type),
        ReadPlan.Widened or ReadPlan.Enumeration { Numbers: null } => ReadScalar(plan),
        ReadPlan.Own when TypeShape.Of(plan.Type) is TypeShape.Scalar or TypeShape.Enumeration => ReadScalar(plan),
        _ => Expression.Call(
            Expression.Constant(codecs.Build(plan), typeof(Codec<>).MakeGenericType(plan.Type)), typeof(Codec<>).MakeGenericType(plan.Type).GetMethod(nameof(Codec<>.Read), Internal)!, _reader),
    };

    Expression ReadScalar(ReadPlan plan)
    {
        Type from = plan switch
        {
            ReadPlan.Widened widened => widened.Written,
            ReadPlan.Enumeration enumeration => enumeration.Written,
            _ => plan.Type.IsEnum ? plan.Type.GetEnumUnderlyingType() : plan.Type,
        };
        Expression number = Expression.Call(_reader, ScalarEncoding.Find(from)!.ReadMethod);
        if (!plan.Type.IsEnum) return As(number, plan.Type);
        return Expression.Convert(As(number, plan.Type.GetEnumUnderlyingType()), plan.Type);
    }

    static Expression As(Expression value, Type type) => value.Type == type ? value : Expression.Convert(value, type);
}
