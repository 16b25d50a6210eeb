using System.Reflection;
using System.Reflection.Emit;

namespace Millrace.Tests.State.Evolution;

/// <summary>A random type, described before it exists; two descriptions with the same ids are two versions of one.</summary>
abstract record Shape
{
    public sealed record Scalar(Type Type) : Shape;

    public sealed record Maybe(Scalar Inner) : Shape;

    public sealed record Many(Shape Element) : Shape;

    public sealed record Named(Shape Value) : Shape;

    public sealed record Choice(string Name, Dictionary<string, int> Numbers) : Shape
    {
        /// <summary>Former names, by name.</summary>
        public Dictionary<string, string> Former { get; init; } = [];
    }

    public sealed record Row(string Name, List<Field> Fields) : Shape;
}

/// <summary>A member: its id stays, whatever becomes of its name.</summary>
sealed record Field(int Id, string Name, string? Former, Shape Shape);

/// <summary>Random shapes, and random steps from one version to the next.</summary>
/// <param name="random">Decides.</param>
sealed class RandomShapes(Random random)
{
    static readonly Type[] s_scalars =
    [
        typeof(bool), typeof(sbyte), typeof(short), typeof(int), typeof(uint), typeof(long), typeof(float), typeof(double), typeof(decimal), typeof(string), typeof(Guid), typeof(DateTime),
    ];

    static readonly Dictionary<Type, Type[]> s_wider = new()
    {
        [typeof(sbyte)] = [typeof(short), typeof(int), typeof(long), typeof(double), typeof(decimal)], [typeof(short)] = [typeof(int), typeof(long), typeof(float)],
        [typeof(int)] = [typeof(long), typeof(double), typeof(decimal)], [typeof(uint)] = [typeof(long), typeof(ulong), typeof(decimal)], [typeof(long)] = [typeof(decimal)],
        [typeof(float)] = [typeof(double)],
    };

    int _next;

    /// <summary>A row with members of all kinds.</summary>
    public Shape.Row NewRow(int depth = 0) => new($"Row{_next++}", [.. Enumerable.Range(0, random.Next(depth == 0 ? 3 : 0, 7)).Select(_ => NewField(depth))]);

    /// <summary>The next version.</summary>
    public Shape Evolve(Shape shape) => shape switch
    {
        Shape.Row row => new Shape.Row(row.Name, [.. Fields(row)]),
        Shape.Many many => new Shape.Many(Evolve(many.Element)),
        Shape.Named named => new Shape.Named(Evolve(named.Value)),
        Shape.Maybe maybe => new Shape.Maybe(Wider(maybe.Inner)),
        Shape.Scalar { Type.IsValueType: true } scalar when random.Next(5) == 0 => new Shape.Maybe(Wider(scalar)),
        Shape.Scalar scalar => Wider(scalar),
        Shape.Choice choice => Evolve(choice),
        _ => shape,
    };

    IEnumerable<Field> Fields(Shape.Row row)
    {
        List<Field> fields = [];
        foreach (Field field in row.Fields.Where(_ => random.Next(6) != 0))
        {
            bool isRenamed = random.Next(5) == 0;
            fields.Add(new(field.Id, isRenamed ? $"M{_next++}" : field.Name, isRenamed ? field.Name : null, Evolve(field.Shape)));
        }

        for (int added = random.Next(3); added > 0; added--) fields.Add(NewField(1));
        if (random.Next(3) == 0) random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(fields));
        return fields;
    }

    Field NewField(int depth)
    {
        int id = _next++;
        return new(id, $"M{id}", null, NewShape(depth));
    }

    Shape NewShape(int depth) => random.Next(depth > 2 ? 5 : 9) switch
    {
        0 or 1 or 2 => new Shape.Scalar(s_scalars[random.Next(s_scalars.Length)]),
        3 => new Shape.Maybe(new(s_scalars.Where(static t => t.IsValueType).ElementAt(random.Next(9)))),
        4 => new Shape.Choice($"Choice{_next++}", Enumerable.Range(0, random.Next(1, 5)).ToDictionary(static i => $"N{i}", i => (i * 3) - 2)),
        5 => new Shape.Many(NewShape(depth + 1)),
        6 => new Shape.Named(NewShape(depth + 1)),
        _ => NewRow(depth + 1),
    };

    Shape.Scalar Wider(Shape.Scalar scalar) =>
        random.Next(3) == 0 && s_wider.TryGetValue(scalar.Type, out Type[]? wider) ? new(wider[random.Next(wider.Length)]) : scalar;

    Shape.Choice Evolve(Shape.Choice choice)
    {
        Dictionary<string, int> numbers = [];
        Dictionary<string, string> former = [];
        int moved = random.Next(3) == 0 ? 50 : 0;
        foreach ((string name, int number) in choice.Numbers)
        {
            string now = random.Next(4) == 0 ? $"N{_next++}" : name;
            if (now != name) former[now] = name;
            numbers[now] = number + moved;
        }

        if (random.Next(2) == 0) numbers[$"N{_next++}"] = 1_000;
        return new(choice.Name, numbers) { Former = former };
    }
}

/// <summary>Makes the types of one version.</summary>
sealed class ShapeTypes
{
    static readonly ConstructorInfo s_formerName = typeof(FormerNameAttribute).GetConstructor([typeof(string)])!;

    readonly ModuleBuilder _module = AssemblyBuilder.DefineDynamicAssembly(new("Shapes"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("Shapes");
    readonly Dictionary<Shape, Type> _made = new(ReferenceEqualityComparer.Instance);

    /// <summary>The type of a shape.</summary>
    public Type Of(Shape shape)
    {
        if (_made.TryGetValue(shape, out Type? made)) return made;
        made = shape switch
        {
            Shape.Scalar scalar => scalar.Type,
            Shape.Maybe maybe => typeof(Nullable<>).MakeGenericType(maybe.Inner.Type),
            Shape.Many many => typeof(List<>).MakeGenericType(Of(many.Element)),
            Shape.Named named => typeof(Dictionary<,>).MakeGenericType(typeof(string), Of(named.Value)),
            Shape.Choice choice => MakeEnum(choice),
            Shape.Row row => MakeRow(row),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        _made.Add(shape, made);
        return made;
    }

    Type MakeRow(Shape.Row row)
    {
        TypeBuilder type = _module.DefineType(row.Name, TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class);
        foreach (Field field in row.Fields)
        {
            FieldBuilder built = type.DefineField(field.Name, Of(field.Shape), FieldAttributes.Public);
            if (field.Former is not null) built.SetCustomAttribute(new CustomAttributeBuilder(s_formerName, [field.Former]));
        }

        return type.CreateType();
    }

    Type MakeEnum(Shape.Choice choice)
    {
        EnumBuilder type = _module.DefineEnum(choice.Name, TypeAttributes.Public, typeof(int));
        foreach ((string name, int number) in choice.Numbers)
        {
            FieldBuilder field = type.DefineLiteral(name, number);
            if (choice.Former.TryGetValue(name, out string? former)) field.SetCustomAttribute(new CustomAttributeBuilder(s_formerName, [former]));
        }

        return type.CreateType();
    }
}
