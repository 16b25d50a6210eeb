using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>Builds the codec of a checked type, and those of everything inside it. Used once, by one thread.</summary>
internal sealed class CodecBuilder(bool canonical)
{
    readonly Dictionary<Type, Codec> _built = [];
    readonly Dictionary<Type, IRecursiveCodec?> _building = [];

    /// <summary>The codec of the type: built, or, within itself, a stand-in that counts depth.</summary>
    public Codec Build(Type type)
    {
        if (_built.TryGetValue(type, out Codec? codec)) return codec;
        if (_building.TryGetValue(type, out IRecursiveCodec? within))
        {
            within ??= (IRecursiveCodec)Make(typeof(RecursiveCodec<>), [type]);
            _building[type] = within;
            return (Codec)within;
        }

        _building.Add(type, null);
        codec = Build(type, TypeShape.Of(type));
        _building.Remove(type, out within);
        within?.Resolve(codec);
        _built.Add(type, codec);
        return codec;
    }

    Codec Build(Type type, TypeShape shape) => shape switch
    {
        TypeShape.Scalar or TypeShape.Enumeration => Compiled(type, nameof(RowCompiler.ScalarWriter), nameof(RowCompiler.ScalarReader), shape, shape.NeedsPresence(type)),
        TypeShape.Row row => Compiled(type, nameof(RowCompiler.RowWriter), nameof(RowCompiler.RowReader), row.Members, !type.IsValueType),
        TypeShape.Nullable nullable => Make(typeof(NullableCodec<>), [nullable.Inner], Build(nullable.Inner)),
        TypeShape.Sequence sequence => OfSequence(type, sequence, Build(sequence.Element)),
        TypeShape.Map map => OfMap(type, map, Build(map.Key), Build(map.Value)),
        TypeShape.Union union => OfUnion(type, [.. union.Cases.Select(Build)]),
        _ => throw new System.Diagnostics.UnreachableException($"{type} was not checked."),
    };

    Codec Compiled(Type type, string writer, string reader, object shape, bool isObject)
    {
        RowCompiler compiler = new(Build, canonical);
        object write = typeof(RowCompiler).GetMethod(writer)!.MakeGenericMethod(type).Invoke(compiler, BindingFlags.DoNotWrapExceptions, null, [shape], null)!;
        object read = typeof(RowCompiler).GetMethod(reader)!.MakeGenericMethod(type).Invoke(compiler, BindingFlags.DoNotWrapExceptions, null, [shape], null)!;
        return Make(isObject ? typeof(ObjectCodec<>) : typeof(PlainCodec<>), [type], write, read);
    }

    /// <summary>The codec of a sequence or set, from that of its elements.</summary>
    public static Codec OfSequence(Type type, TypeShape.Sequence sequence, Codec element)
    {
        if (type.IsSZArray) return Make(typeof(ArrayCodec<>), [sequence.Element], element);
        if (sequence.Form.Factory is { } factory) return Make(typeof(CollectedCodec<,>), [type, sequence.Element], element, Factory(factory, type, sequence.Element), sequence.Form.IsSet);
        return Make(type.IsValueType ? typeof(ImmutableArrayCodec<>) : typeof(ListCodec<>), [sequence.Element], element);
    }

    /// <summary>The codec of a map, from those of its keys and values.</summary>
    public static Codec OfMap(Type type, TypeShape.Map map, Codec key, Codec value) => map.Form.Factory is { } factory
        ? Make(typeof(CollectedMapCodec<,,>), [type, map.Key, map.Value], key, value, Factory(factory, type, map.Key, map.Value))
        : Make(typeof(DictionaryCodec<,>), [map.Key, map.Value], key, value);

    /// <summary>The codec of a closed hierarchy, from those of the cases in the order of their indices.</summary>
    public static Codec OfUnion(Type type, IReadOnlyList<Codec> codecs)
    {
        Array cases = Array.CreateInstance(typeof(UnionCase<>).MakeGenericType(type), codecs.Count);
        for (int i = 0; i < cases.Length; i++)
        {
            cases.SetValue(Activator.CreateInstance(typeof(UnionCase<,>).MakeGenericType(type, codecs[i].Type), codecs[i]), i);
        }

        return Make(typeof(UnionCodec<>), [type], cases);
    }

    // Factories take a List<T> or a Dictionary<TKey, TValue> and return the collection.
    static Delegate Factory(string name, Type collection, params Type[] inside)
    {
        Type input = (inside.Length == 1 ? typeof(List<>) : typeof(Dictionary<,>)).MakeGenericType(inside);
        return typeof(CollectionFactories).GetMethod(name)!.MakeGenericMethod(inside).CreateDelegate(typeof(Func<,>).MakeGenericType(input, collection));
    }

    static Codec Make(Type definition, Type[] types, params object[] arguments) =>
        (Codec)Activator.CreateInstance(definition.MakeGenericType(types), arguments)!;
}
