using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Millrace.Tests.State.Evolution;

/// <summary>A random type, described before it exists; two descriptions with the same ids are two versions of one.</summary>
abstract record Shape
{
    public sealed record Scalar(Type Type) : Shape;

    public sealed record Maybe(Shape Inner) : Shape;

    public sealed record Many(Shape Element) : Shape;

    public sealed record Set(Shape Element, Type Form) : Shape;

    public sealed record Map(Shape Key, Shape Value) : Shape;

    public sealed record Tuple(List<Shape> Items, bool IsObject) : Shape;

    public sealed record Choice(string Name, Dictionary<string, int> Numbers) : Shape
    {
        /// <summary>Former names, by name.</summary>
        public Dictionary<string, string> Former { get; init; } = [];
    }

    public sealed record Row(string Name, List<Field> Fields, bool IsStruct) : Shape;

    public sealed record Union(string Name, List<Case> Cases) : Shape;

    /// <summary>Whether it is never null.</summary>
    public bool IsValue => this is Scalar { Type.IsValueType: true } or Choice or Tuple { IsObject: false } or Row { IsStruct: true };

    /// <summary>Whether a sorted collection can have it.</summary>
    public bool IsOrdered => this is Scalar or Choice || (this is Tuple tuple && tuple.Items.TrueForAll(static i => i.IsOrdered || i is Maybe { Inner.IsOrdered: true }));
}

/// <summary>A member: its id stays, whatever becomes of its name.</summary>
sealed record Field(int Id, string Name, string? Former, Shape Shape);

/// <summary>A case of a closed hierarchy, within an abstract case or not. Names may be those of cases within others.</summary>
sealed record Case(int Id, string? Within, string Name, string? Former, List<Field> Fields);

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

    static readonly Type[] s_sets = [typeof(HashSet<>), typeof(ISet<>), typeof(ImmutableHashSet<>), typeof(FrozenSet<>)];
    static readonly Type[] s_sortedSets = [typeof(SortedSet<>), typeof(ImmutableSortedSet<>)];

    int _next;

    /// <summary>A row with members of all kinds.</summary>
    public Shape.Row NewRow(int depth = 0) =>
        new($"P{random.Next(2)}.Row{_next++}", [.. Enumerable.Range(0, depth == 0 ? random.Next(3, 7) : random.Next(4)).Select(_ => NewField(depth))], depth > 0 && random.Next(3) == 0);

    /// <summary>A tuple of so many items that tell entries apart.</summary>
    public Shape.Tuple NewTuple(int length, int depth) => new([.. Enumerable.Range(0, length).Select(_ => NewDistinct(depth, mayBeAbsent: true))], random.Next(4) == 0);

    /// <summary>The next version.</summary>
    /// <param name="shape">This version.</param>
    /// <param name="isDistinct">Whether different values must stay different.</param>
    public Shape Evolve(Shape shape, bool isDistinct = false)
    {
        Shape next = EvolveInside(shape, isDistinct);
        return next.IsValue && random.Next(5) == 0 ? new Shape.Maybe(next) : next;
    }

    Shape EvolveInside(Shape shape, bool isDistinct)
    {
        switch (shape)
        {
            case Shape.Row row: return new Shape.Row(Moved(row.Name), [.. Fields(row.Fields, isDistinct)], row.IsStruct && random.Next(6) != 0);
            case Shape.Many many: return new Shape.Many(Evolve(many.Element, isDistinct));
            case Shape.Set set:
                Shape element = Evolve(set.Element, isDistinct: true);
                return random.Next(5) == 0 ? new Shape.Many(element) : NewSet(element);
            case Shape.Map map:
                // A key is never absent.
                return new Shape.Map(EvolveInside(map.Key, isDistinct: true), Evolve(map.Value));
            case Shape.Tuple tuple: return new Shape.Tuple([.. tuple.Items.Select(i => Evolve(i, isDistinct))], tuple.IsObject || random.Next(6) == 0);
            case Shape.Maybe maybe:
                Shape inner = EvolveInside(maybe.Inner, isDistinct);
                return inner.IsValue ? new Shape.Maybe(inner) : inner;
            case Shape.Scalar scalar: return random.Next(3) == 0 && s_wider.TryGetValue(scalar.Type, out Type[]? wider) ? new Shape.Scalar(wider[random.Next(wider.Length)]) : scalar;
            case Shape.Choice choice: return Evolve(choice);
            default: return Evolve((Shape.Union)shape);
        }
    }

    IEnumerable<Field> Fields(List<Field> before, bool isDistinct)
    {
        List<Field> fields = [];
        foreach (Field field in before.Where(_ => isDistinct || random.Next(6) != 0))
        {
            bool isRenamed = random.Next(5) == 0;
            fields.Add(new(field.Id, isRenamed ? $"M{_next++}" : field.Name, isRenamed ? field.Name : null, Evolve(field.Shape, isDistinct)));
        }

        for (int added = random.Next(3); added > 0; added--) fields.Add(isDistinct ? NewField(NewDistinct(2, mayBeAbsent: true)) : NewField(1));
        if (random.Next(3) == 0) random.Shuffle(CollectionsMarshal.AsSpan(fields));
        return fields;
    }

    Field NewField(int depth) => NewField(NewShape(depth));

    Field NewField(Shape shape)
    {
        int id = _next++;
        return new(id, $"M{id}", null, shape);
    }

    Shape NewShape(int depth) => random.Next(depth > 1 ? 5 : 14) switch
    {
        0 or 1 or 2 => new Shape.Scalar(s_scalars[random.Next(s_scalars.Length)]),
        3 => NewMaybe(depth),
        4 => NewChoice(),
        5 or 6 => new Shape.Many(NewShape(depth + 1)),
        7 => new Shape.Map(NewDistinct(depth + 1, mayBeAbsent: false), NewShape(depth + 1)),
        8 or 9 => NewSet(NewDistinct(depth + 1, mayBeAbsent: true)),
        10 => NewUnion(depth),
        11 => NewTuple(random.Next(8) == 0 ? random.Next(8, 17) : random.Next(1, 5), depth + 1),
        _ => NewRow(depth + 1),
    };

    // What has equality of its own: different by what is in it.
    Shape NewDistinct(int depth, bool mayBeAbsent) => random.Next(depth > 1 ? 6 : 9) switch
    {
        0 or 1 or 2 or 3 => new Shape.Scalar(s_scalars[random.Next(s_scalars.Length)]),
        4 => NewChoice(),
        5 => mayBeAbsent ? NewMaybe(depth) : NewChoice(),
        6 => new Shape.Row($"P{random.Next(2)}.Row{_next++}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => NewField(NewDistinct(depth + 1, mayBeAbsent: true)))], IsStruct: true),
        _ => NewTuple(random.Next(1, 4), depth + 1) with { IsObject = mayBeAbsent && random.Next(4) == 0 },
    };

    Shape.Maybe NewMaybe(int depth) => random.Next(3) switch
    {
        0 when depth < 3 => new(new Shape.Tuple([NewDistinct(3, mayBeAbsent: true), NewDistinct(3, mayBeAbsent: true)], IsObject: false)),
        1 => new(NewChoice()),
        _ => new(new Shape.Scalar(s_scalars.Where(static t => t.IsValueType).ElementAt(random.Next(9)))),
    };

    Shape.Set NewSet(Shape element)
    {
        Type[] forms = element.IsOrdered ? [.. s_sets, .. s_sortedSets] : s_sets;
        return new(element, forms[random.Next(forms.Length)]);
    }

    Shape.Choice NewChoice() => new($"Choice{_next++}", Enumerable.Range(0, random.Next(1, 5)).ToDictionary(static i => $"N{i}", static i => (i * 3) - 2));

    Shape.Union NewUnion(int depth)
    {
        Shape.Union union = new($"P{random.Next(2)}.Union{_next++}", []);
        for (int n = random.Next(1, 4); n > 0; n--) AddCase(union.Cases, depth);
        return union;
    }

    void AddCase(List<Case> cases, int depth)
    {
        string? within = random.Next(2) == 0 ? null : $"Group{random.Next(2)}";
        string name = $"Case{random.Next(3)}";
        if (cases.Exists(c => c.Within == within && c.Name == name)) name = $"Case{_next++}";
        cases.Add(new(_next++, within, name, null, [.. Enumerable.Range(0, random.Next(3)).Select(_ => NewField(depth + 1))]));
    }

    Shape.Union Evolve(Shape.Union union)
    {
        List<Case> cases = [];
        foreach (Case one in union.Cases)
        {
            // What a case was called is said in full, because others may be called the same.
            bool isRenamed = random.Next(5) == 0;
            string former = string.Join('.', new[] { union.Name, one.Within, one.Name }.OfType<string>());
            cases.Add(new(one.Id, one.Within, isRenamed ? $"Case{_next++}" : one.Name, isRenamed ? former : null, [.. Fields(one.Fields, isDistinct: false)]));
        }

        for (int added = random.Next(3); added > 0; added--)
        {
            AddCase(cases, 2);
            // A name that another case had until now would be taken for that case.
            if (union.Cases.Exists(w => w.Within == cases[^1].Within && w.Name == cases[^1].Name)) cases.RemoveAt(cases.Count - 1);
        }

        return new(Moved(union.Name), cases);
    }

    string Moved(string name) => random.Next(4) == 0 ? $"P{random.Next(2)}{name[name.IndexOf('.')..]}" : name;

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
