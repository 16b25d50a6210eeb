using System.Linq.Expressions;
using System.Reflection;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Builds the codec that reads what a plan says. Used once, by one thread.</summary>
/// <param name="written">The schema of what was written.</param>
internal sealed class ResolvedCodecBuilder(TypeSchema written)
{
    readonly CodecBuilder _own = new(canonical: false);
    readonly Dictionary<ReadPlan, Codec> _built = [];
    readonly Dictionary<ReadPlan, IRecursiveCodec?> _building = [];
    readonly ValueSkipper _skipper = new(written.Definitions.DistinctBy(static d => d.Name).ToDictionary(static d => d.Name, StringComparer.Ordinal));

    /// <summary>The codec of a plan: built, or, within itself, a stand-in that counts depth.</summary>
    public Codec Build(ReadPlan plan)
    {
        if (_built.TryGetValue(plan, out Codec? codec)) return codec;
        if (_building.TryGetValue(plan, out IRecursiveCodec? within))
        {
            within ??= (IRecursiveCodec)Make(typeof(RecursiveCodec<>), [plan.Type]);
            _building[plan] = within;
            return (Codec)within;
        }

        _building.Add(plan, null);
        codec = BuildNew(plan);
        _building.Remove(plan, out within);
        within?.Resolve(codec);
        _built.Add(plan, codec);
        return codec;
    }

    /// <summary>Passes over values of a written type.</summary>
    public ValueSkipper.Skipper SkipperOf(SchemaType type) => _skipper.Of(type);

    Codec BuildNew(ReadPlan plan) => plan switch
    {
        ReadPlan.Own own => Make(typeof(BodyReading<>), [own.Type], _own.Build(own.Type)),
        ReadPlan.Widened or ReadPlan.Row => Compiled(plan),
        ReadPlan.Enumeration enumeration => enumeration.Numbers is null ? Compiled(plan) : Renumbered(enumeration, enumeration.Numbers),
        ReadPlan.Optional { Type.IsValueType: true } optional => Make(typeof(NullableCodec<>), [optional.Inner.Type], Build(optional.Inner)),
        ReadPlan.Optional optional => Make(typeof(OptionalReading<>), [optional.Type], Build(optional.Inner)),
        ReadPlan.Lifted lifted => Make(typeof(LiftedReading<>), [lifted.Inner.Type], Build(lifted.Inner)),
        ReadPlan.Sequence sequence => CodecBuilder.OfSequence(sequence.Type, sequence.Shape, Build(sequence.Element)),
        ReadPlan.Map map => CodecBuilder.OfMap(map.Type, map.Shape, Build(map.Key), Build(map.Value)),
        ReadPlan.Union union => CodecBuilder.OfUnion(union.Type, [.. union.Cases.Select(Build)]),
        ReadPlan.Upgraded upgraded => Make(typeof(UpgradedReading<,>), [upgraded.Type, upgraded.Old.Type], Build(upgraded.Old)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    Codec Compiled(ReadPlan plan)
    {
        ResolvedRowCompiler compiler = new(this);
        object read = typeof(ResolvedRowCompiler).GetMethod(nameof(ResolvedRowCompiler.Reader))!.MakeGenericMethod(plan.Type)
            .Invoke(compiler, BindingFlags.DoNotWrapExceptions, null, [plan], null)!;
        return Make(typeof(CompiledReading<>), [plan.Type], read);
    }

    static Codec Renumbered(ReadPlan.Enumeration plan, IReadOnlyDictionary<Int128, Int128> numbers)
    {
        ParameterExpression reader = Expression.Parameter(typeof(CodecReader).MakeByRefType(), "reader");
        Expression number = Expression.Call(reader, ScalarEncoding.Find(plan.Written)!.ReadMethod);
        ReadValue<Int128> read = Expression.Lambda<ReadValue<Int128>>(Expression.Convert(number, typeof(Int128)), reader).Compile();
        object map = typeof(ResolvedCodecBuilder).GetMethod(nameof(NumbersOf), BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(plan.Type).Invoke(null, [numbers])!;
        return Make(typeof(RenumberedReading<>), [plan.Type], read, map);
    }

    static Dictionary<Int128, T> NumbersOf<T>(IReadOnlyDictionary<Int128, Int128> numbers) where T : struct, Enum => numbers.ToDictionary(
        static n => n.Key, static n => (T)(n.Value < 0 ? Enum.ToObject(typeof(T), (long)n.Value) : Enum.ToObject(typeof(T), (ulong)n.Value)));

    static Codec Make(Type definition, Type[] types, params object[] arguments) =>
        (Codec)Activator.CreateInstance(definition.MakeGenericType(types), arguments)!;
}
