using System.Reflection;

namespace Millrace.Tests.State.Evolution;

/// <summary>The type of a key before and after a change, and values of the one before.</summary>
/// <param name="Before">The type that was written.</param>
/// <param name="After">The type to read it as.</param>
/// <param name="Value">A value of the type before; null only within a key.</param>
sealed record KeyShape(Type Before, Type After, Func<Random, object?> Value);

/// <summary>Random keys: scalars, enumerations, tuples and records of these, each with a change or none.</summary>
/// <param name="random">Decides.</param>
sealed class RandomKeys(Random random)
{
    // What a number, and what anything else, may be after a change; not all of it is allowed.
    static readonly Type[] s_numbers =
    [
        typeof(sbyte), typeof(byte), typeof(short), typeof(ushort), typeof(int), typeof(uint), typeof(long), typeof(ulong), typeof(Int128), typeof(UInt128), typeof(Half), typeof(float), typeof(double),
        typeof(decimal),
    ];

    static readonly Dictionary<Type, Type[]> s_wider = new()
    {
        [typeof(sbyte)] = [typeof(short), typeof(int), typeof(long)], [typeof(byte)] = [typeof(short), typeof(ushort), typeof(ulong)], [typeof(short)] = [typeof(int), typeof(long)],
        [typeof(ushort)] = [typeof(int), typeof(uint), typeof(ulong)], [typeof(int)] = [typeof(long)], [typeof(uint)] = [typeof(long), typeof(ulong)], [typeof(Half)] = [typeof(float), typeof(double)],
        [typeof(float)] = [typeof(double)],
    };

    static readonly Type[] s_others = [typeof(bool), typeof(char), typeof(string), typeof(Guid), typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly), typeof(Timestamp)];

    static readonly Type[] s_tuples = [typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>)];
    static readonly Type[] s_objects = [typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>)];
    static readonly Type[] s_enums = [typeof(KeyForms.Level), typeof(KeyForms.Wider.Level), typeof(KeyForms.Moved.Level), typeof(KeyForms.Merged.Level)];

    // The last three change the hash.
    static readonly Type[] s_after =
    [
        typeof(KeyForms.Key<,,>), typeof(KeyForms.Reordered.Key<,,>), typeof(KeyForms.Renamed.Key<,,>), typeof(KeyForms.AsClass.Key<,,>), typeof(KeyForms.Derived.Key<,,>), typeof(KeyForms.More.Key<,,>),
        typeof(KeyForms.OtherOrder.Key<,,>), typeof(KeyForms.Fewer.Key<,,>),
    ];

    /// <summary>A key.</summary>
    /// <param name="depth">How many others it is within.</param>
    public KeyShape New(int depth) => random.Next(depth > 1 ? 4 : 8) switch
    {
        0 or 1 => NewNumber(),
        2 => NewOther(),
        3 => NewEnum(),
        4 or 5 => NewTuple(depth),
        _ => NewRecord(depth),
    };

    /// <summary>A key in which just one thing changes, and that may be what must not: where much changes something else is refused as well, and hides it.</summary>
    public KeyShape NewBold()
    {
        if (random.Next(3) == 0) return NewBoldNumber();
        KeyShape[] members = [Unchanged(), Unchanged(), Unchanged()];
        bool isMember = random.Next(2) == 0;
        if (isMember) members[random.Next(members.Length)] = NewBoldNumber();
        Type after = isMember ? typeof(KeyForms.Key<,,>) : s_after[^(1 + random.Next(3))];
        return Made(typeof(KeyForms.Key<,,>).MakeGenericType([.. members.Select(static m => m.Before)]), after.MakeGenericType([.. members.Select(static m => m.After)]), members);
    }

    KeyShape Unchanged()
    {
        KeyShape shape = New(1);
        return shape with { After = shape.Before };
    }

    KeyShape NewBoldNumber()
    {
        Type type = s_numbers[random.Next(s_numbers.Length)];
        return new(type, s_numbers[random.Next(s_numbers.Length)], r => KeyForms.Number(type, r));
    }

    KeyShape Inside(int depth)
    {
        KeyShape shape = New(depth + 1);
        if (!shape.Before.IsValueType) return shape;
        // Within a key a value may be absent, or have become so.
        bool wasMaybe = random.Next(6) == 0, isMaybe = (wasMaybe && random.Next(12) != 0) || random.Next(5) == 0;
        Func<Random, object?> value = shape.Value;
        Type after = isMaybe && shape.After.IsValueType ? typeof(Nullable<>).MakeGenericType(shape.After) : shape.After;
        return wasMaybe ? new(typeof(Nullable<>).MakeGenericType(shape.Before), after, r => r.Next(4) == 0 ? null : value(r)) : shape with { After = after };
    }

    KeyShape NewNumber()
    {
        Type type = s_numbers[random.Next(s_numbers.Length)];
        Type[] others = random.Next(8) == 0 ? s_numbers : random.Next(2) == 0 && s_wider.TryGetValue(type, out Type[]? wider) ? wider : [type];
        return new(type, others[random.Next(others.Length)], r => KeyForms.Number(type, r));
    }

    KeyShape NewOther()
    {
        Type type = s_others[random.Next(s_others.Length)];
        return new(type, random.Next(20) == 0 ? s_others[random.Next(s_others.Length)] : type, r => KeyForms.Other(type, r));
    }

    // Numbers without a name are keys as well.
    KeyShape NewEnum() => new(s_enums[0], s_enums[random.Next(4) == 0 ? random.Next(s_enums.Length) : random.Next(2)], static r => (KeyForms.Level)r.Next(1, r.Next(4) == 0 ? 256 : 4));

    KeyShape NewTuple(int depth)
    {
        KeyShape[] items = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Inside(depth))];
        bool isObject = random.Next(4) == 0;
        Type[] before = isObject ? s_objects : s_tuples, after = isObject || random.Next(4) == 0 ? s_objects : s_tuples;
        int place = items.Length - 1;
        return Made(before[place].MakeGenericType([.. items.Select(static i => i.Before)]), after[place].MakeGenericType([.. items.Select(static i => i.After)]), items);
    }

    KeyShape NewRecord(int depth)
    {
        KeyShape[] members = [Inside(depth), Inside(depth), Inside(depth)];
        Type after = s_after[random.Next(6) == 0 ? random.Next(s_after.Length) : random.Next(5)];
        return Made(typeof(KeyForms.Key<,,>).MakeGenericType([.. members.Select(static m => m.Before)]), after.MakeGenericType([.. members.Select(static m => m.After)]), members);
    }

    static KeyShape Made(Type before, Type after, KeyShape[] parts)
    {
        ConstructorInfo constructor = before.GetConstructor([.. parts.Select(static p => p.Before)])!;
        return new(before, after, r => constructor.Invoke([.. parts.Select(p => p.Value(r))]));
    }
}
