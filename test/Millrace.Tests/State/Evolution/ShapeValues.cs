using System.Collections;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Millrace.Tests.State.Evolution;

/// <summary>The members of a case, and which case it is.</summary>
sealed record CaseValue(int Id, Dictionary<int, object?> Members);

/// <summary>Values of shapes: scalars as they are, lists, pairs, and dictionaries by the ids of members.</summary>
static class ShapeValues
{
    static readonly MethodInfo s_setOf = typeof(ShapeValues).GetMethod(nameof(SetOf), BindingFlags.NonPublic | BindingFlags.Static)!;

    public static object? New(Shape shape, Random random) => shape switch
    {
        Shape.Scalar scalar => NewScalar(scalar.Type, random),
        Shape.Maybe maybe => random.Next(3) == 0 ? null : New(maybe.Inner, random),
        Shape.Choice choice => choice.Numbers.Keys.ElementAt(random.Next(choice.Numbers.Count)),
        Shape.Many many => random.Next(4) == 0 ? null : Enumerable.Range(0, random.Next(4)).Select(_ => New(many.Element, random)).ToList(),
        Shape.Set set => random.Next(4) == 0 ? null : Enumerable.Range(0, random.Next(5)).Select(_ => New(set.Element, random)).DistinctBy(v => Text(set.Element, v, set.Element)).ToList(),
        Shape.Map map => random.Next(4) == 0 ? null : Enumerable.Range(0, random.Next(4)).Select(_ => (New(map.Key, random)!, New(map.Value, random))).DistinctBy(p => Text(map.Key, p.Item1, map.Key)).ToList(),
        Shape.Tuple tuple => tuple.IsObject && random.Next(8) == 0 ? null : tuple.Items.Select(i => New(i, random)).ToList(),
        Shape.Row row => !row.IsStruct && random.Next(8) == 0 ? null : NewMembers(row.Fields, random),
        Shape.Union union => random.Next(8) == 0 ? null : NewCase(union.Cases[random.Next(union.Cases.Count)], random),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static object? ToObject(Shape shape, object? value, Type type)
    {
        if (value is null) return null;
        switch (shape)
        {
            case Shape.Choice: return Enum.Parse(type, (string)value);
            case Shape.Maybe maybe: return ToObject(maybe.Inner, value, Nullable.GetUnderlyingType(type)!);
            case Shape.Many many: return ListOf(many.Element, (List<object?>)value, type.GetGenericArguments()[0]);
            case Shape.Set set:
                Type element = type.GetGenericArguments()[0];
                return s_setOf.MakeGenericMethod(element).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [set.Form, ListOf(set.Element, (List<object?>)value, element)], null);
            case Shape.Map map:
                IDictionary made = (IDictionary)Activator.CreateInstance(type)!;
                foreach ((object key, object? item) in (List<(object, object?)>)value) made.Add(ToObject(map.Key, key, type.GetGenericArguments()[0])!, ToObject(map.Value, item, type.GetGenericArguments()[1]));
                return made;
            case Shape.Tuple tuple: return TupleOf([.. tuple.Items.Zip((List<object?>)value)], type);
            case Shape.Row row: return WithMembers(row.Fields, (Dictionary<int, object?>)value, type);
            case Shape.Union union:
                Case one = union.Cases.Single(c => c.Id == ((CaseValue)value).Id);
                Type place = one.Within is null ? type : type.GetNestedType(one.Within)!;
                return WithMembers(one.Fields, ((CaseValue)value).Members, place.GetNestedType(one.Name)!);
            default: return value;
        }
    }

    public static object? FromObject(Shape shape, object? value) => (shape, value) switch
    {
        (_, null) => null,
        (Shape.Choice, _) => value.ToString(),
        (Shape.Maybe maybe, _) => FromObject(maybe.Inner, value),
        (Shape.Many many, _) => ((IEnumerable)value).Cast<object?>().Select(i => FromObject(many.Element, i)).ToList(),
        (Shape.Set set, _) => ((IEnumerable)value).Cast<object?>().Select(i => FromObject(set.Element, i)).ToList(),
        (Shape.Map map, _) => Entries((IDictionary)value).Select(e => (FromObject(map.Key, e.Key)!, FromObject(map.Value, e.Value))).ToList(),
        (Shape.Tuple tuple, ITuple items) => tuple.Items.Select((shape, i) => FromObject(shape, items[i])).ToList(),
        (Shape.Row row, _) => MembersOf(row.Fields, value),
        (Shape.Union union, _) => CaseOf(union.Cases.Single(c => IsOf(c, value.GetType())), value),
        _ => value,
    };

    /// <summary>A value in words, with only what another version of its shape also has, under that version's names.</summary>
    public static string Text(Shape shape, object? value, Shape other)
    {
        if (other is Shape.Maybe { Inner: var present }) other = present;
        return (shape, value) switch
        {
            (_, null) => "null",
            (Shape.Maybe maybe, _) => Text(maybe.Inner, value, other),
            // Names are said as they were first.
            (Shape.Choice choice, _) => choice.Former.GetValueOrDefault((string)value, (string)value),
            (Shape.Many or Shape.Set, _) => Elements(shape, (List<object?>)value, other),
            (Shape.Map map, _) => $"{{{string.Join(", ", ((List<(object Key, object? Value)>)value).Select(p => $"{Text(map.Key, p.Key, ((Shape.Map)other).Key)}: {Text(map.Value, p.Value, ((Shape.Map)other).Value)}").Order(StringComparer.Ordinal))}}}",
            (Shape.Tuple tuple, _) => $"<{string.Join(", ", tuple.Items.Zip((List<object?>)value, ((Shape.Tuple)other).Items).Select(static i => Text(i.First, i.Second, i.Third)))}>",
            (Shape.Row row, _) => Members(row.Fields, (Dictionary<int, object?>)value, ((Shape.Row)other).Fields),
            (Shape.Union union, CaseValue one) => $"{one.Id} {Members(FieldsOf(union, one), one.Members, FieldsOf((Shape.Union)other, one))}",
            (_, decimal or int or long or short or sbyte or uint or ulong) => Convert.ToDecimal(value, CultureInfo.InvariantCulture).ToString("0.############################", CultureInfo.InvariantCulture),
            (_, float or double) => Floating(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            (_, DateTime time) => time.ToString("O", CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };
    }

    // A set that became a list has its elements in some order.
    static string Elements(Shape shape, List<object?> items, Shape other)
    {
        IEnumerable<string> texts = items.Select(i => Text(ElementOf(shape), i, ElementOf(other)));
        return $"[{string.Join(", ", shape is Shape.Set || other is Shape.Set ? texts.Order(StringComparer.Ordinal) : texts)}]";
    }

    static Shape ElementOf(Shape shape) => shape is Shape.Set set ? set.Element : ((Shape.Many)shape).Element;

    static string Members(List<Field> fields, Dictionary<int, object?> values, List<Field> others) =>
        $"({string.Join(", ", from field in fields join kept in others on field.Id equals kept.Id orderby field.Id select $"{field.Id}: {Text(field.Shape, values[field.Id], kept.Shape)}")})";

    static List<Field> FieldsOf(Shape.Union union, CaseValue value) => union.Cases.Single(c => c.Id == value.Id).Fields;

    static bool IsOf(Case one, Type type) => type.Name == one.Name && (one.Within is null ? type.DeclaringType!.DeclaringType is null : type.DeclaringType!.Name == one.Within);

    static CaseValue NewCase(Case one, Random random) => new(one.Id, NewMembers(one.Fields, random));

    static CaseValue CaseOf(Case one, object value) => new(one.Id, MembersOf(one.Fields, value));

    static Dictionary<int, object?> NewMembers(List<Field> fields, Random random) => fields.ToDictionary(static f => f.Id, f => New(f.Shape, random));

    static Dictionary<int, object?> MembersOf(List<Field> fields, object value) => fields.ToDictionary(static f => f.Id, f => FromObject(f.Shape, value.GetType().GetField(f.Name)!.GetValue(value)));

    static object WithMembers(List<Field> fields, Dictionary<int, object?> values, Type type)
    {
        object made = Activator.CreateInstance(type)!;
        foreach (Field field in fields)
        {
            FieldInfo member = type.GetField(field.Name)!;
            member.SetValue(made, ToObject(field.Shape, values[field.Id], member.FieldType));
        }

        return made;
    }

    static IList ListOf(Shape element, List<object?> items, Type type)
    {
        IList list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type))!;
        foreach (object? item in items) list.Add(ToObject(element, item, type));
        return list;
    }

    static object SetOf<T>(Type form, List<T> items) => form switch
    {
        _ when form == typeof(SortedSet<>) => new SortedSet<T>(items),
        _ when form == typeof(ImmutableHashSet<>) => items.ToImmutableHashSet(),
        _ when form == typeof(ImmutableSortedSet<>) => items.ToImmutableSortedSet(),
        _ when form == typeof(FrozenSet<>) => items.ToFrozenSet(),
        _ => new HashSet<T>(items),
    };

    static object TupleOf((Shape Shape, object? Value)[] items, Type type)
    {
        const int itemsMax = 7;
        Type[] types = type.GetGenericArguments();
        List<object?> arguments = [.. items.Take(itemsMax).Select((item, i) => ToObject(item.Shape, item.Value, types[i]))];
        if (items.Length > itemsMax) arguments.Add(TupleOf(items[itemsMax..], types[itemsMax]));
        return type.GetConstructor(types)!.Invoke([.. arguments]);
    }

    static IEnumerable<DictionaryEntry> Entries(IDictionary map)
    {
        foreach (DictionaryEntry entry in map) yield return entry;
    }

    // Integers that became floating-point numbers look like integers.
    static string Floating(double value) => Math.Abs(value) < 1e15 && value == Math.Floor(value) ? ((decimal)value).ToString("0", CultureInfo.InvariantCulture) : value.ToString("R", CultureInfo.InvariantCulture);

    static object NewScalar(Type type, Random random) => type switch
    {
        _ when type == typeof(bool) => random.Next(2) == 0,
        _ when type == typeof(sbyte) => (sbyte)random.Next(-128, 128),
        _ when type == typeof(short) => (short)random.Next(short.MinValue, short.MaxValue + 1),
        _ when type == typeof(int) => (int)(random.NextInt64() >> random.Next(32)),
        _ when type == typeof(uint) => (uint)(random.NextInt64() >> random.Next(31)),
        _ when type == typeof(long) => random.NextInt64() >> random.Next(63),
        _ when type == typeof(float) => random.NextSingle(),
        _ when type == typeof(double) => random.NextDouble(),
        _ when type == typeof(decimal) => (decimal)random.NextDouble(),
        _ when type == typeof(string) => $"text {random.Next()}",
        _ when type == typeof(Guid) => new Guid(random.Next(), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        _ when type == typeof(DateTime) => new DateTime(random.NextInt64(DateTime.MaxValue.Ticks), DateTimeKind.Utc),
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
