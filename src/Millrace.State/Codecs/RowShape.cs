using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>A member that is stored.</summary>
/// <param name="Name">Its name in schemas.</param>
/// <param name="Type">Its type.</param>
/// <param name="Member">The property or field.</param>
/// <param name="CanSet">Whether it can be set after construction (set, init, or a field that is not readonly).</param>
internal sealed record RowMember(string Name, Type Type, MemberInfo Member, bool CanSet);

/// <summary>
/// The members of a class, struct or tuple that are stored, and how an object is made from them. Every instance field must be
/// covered by a stored member or be marked [NotStored]: state that would be lost silently is a problem found while planning.
/// </summary>
internal sealed record RowShape(IReadOnlyList<RowMember> Members, ConstructorInfo? Constructor, IReadOnlyList<int> Arguments, IReadOnlyList<TypeProblem> Problems)
{
    const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The shape of a tuple, key-value pair or anonymous type: the constructor takes the members in order.</summary>
    public static RowShape OfTuple(Type type)
    {
        ConstructorInfo constructor = type.GetConstructors().Single(c => c.GetParameters().Length == type.GetGenericArguments().Length);
        RowMember[] members = [.. constructor.GetParameters().Select(p => TupleMember(type, p))];
        return new RowShape(members, constructor, [.. Enumerable.Range(0, members.Length)], []);
    }

    /// <summary>The shape of a user's class or struct.</summary>
    public static RowShape Of(Type type)
    {
        List<TypeProblem> problems = [];
        List<RowMember> members = [];
        ConstructorInfo[] constructors = [.. type.GetConstructors(Declared).Where(c => !IsCopy(c, type)).OrderBy(c => c.IsPublic ? 0 : 1).ThenBy(c => c.GetParameters().Length)];
        foreach (Type level in LevelsOf(type)) members.AddRange(MembersOf(level, constructors));

        string path = TypeName.Short(type);
        foreach (IGrouping<string, RowMember> same in members.GroupBy(m => m.Name).Where(g => g.Count() > 1))
        {
            problems.Add(new TypeProblem($"{path}.{same.Key}", same.First().Type, "is declared twice in the hierarchy", "rename one of the two members"));
        }

        foreach (Type level in LevelsOf(type)) problems.AddRange(UncoveredFields(path, level, members));
        ConstructorInfo? positional = type.IsValueType ? constructors.LastOrDefault(c => IsPositional(c, members)) : null;
        ConstructorInfo? constructor = positional ?? constructors.FirstOrDefault(c => Makes(c, members));
        // A struct whose members can all be set starts from its default value, unless it has something to do in a constructor. That of a positional record
        // has: its parameters say what members are called and have by default, and it runs what is declared beside them.
        bool byDefault = type.IsValueType && positional is null && members.All(m => m.CanSet) && constructor?.GetParameters().Length != 0;
        if (byDefault) return new RowShape(members, null, [], problems);
        if (constructor is null && problems.Count == 0) problems.Add(NoConstructor(path, type, members));
        return new RowShape(members, constructor, ArgumentsOf(constructor, members), problems);
    }

    // Base first, each in declaration order: what a reader of the source expects. Names, not positions, matter to later readers.
    static IEnumerable<Type> LevelsOf(Type type)
    {
        Stack<Type> levels = [];
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType) levels.Push(level);
        return levels;
    }

    static IEnumerable<RowMember> MembersOf(Type level, ConstructorInfo[] constructors)
    {
        IEnumerable<MemberInfo> candidates = level.GetProperties(Declared).Where(p => p.GetMethod is { IsPublic: true } && p.GetIndexParameters().Length == 0)
            .Concat<MemberInfo>(level.GetFields(Declared).Where(f => f.IsPublic))
            .Where(m => !m.IsDefined(typeof(NotStoredAttribute)));
        foreach (MemberInfo member in candidates.OrderBy(m => m.MetadataToken >> 24).ThenBy(m => m.MetadataToken))
        {
            RowMember row = member is PropertyInfo property
                ? new RowMember(property.Name, property.PropertyType, property, property.SetMethod is not null)
                : new RowMember(member.Name, ((FieldInfo)member).FieldType, member, !((FieldInfo)member).IsInitOnly);
            // A property that is computed has nothing to store.
            if (row.CanSet || member is FieldInfo || constructors.Any(c => c.GetParameters().Any(p => Matches(p, row)))) yield return row;
        }
    }

    static IEnumerable<TypeProblem> UncoveredFields(string path, Type level, List<RowMember> members)
    {
        foreach (FieldInfo field in level.GetFields(Declared).Where(f => !f.IsPublic && !f.IsDefined(typeof(NotStoredAttribute))))
        {
            string? property = field.Name.StartsWith('<') && field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal) ? field.Name[1..field.Name.IndexOf('>')] : null;
            if (property is not null && members.Any(m => m.Name == property && m.Member.DeclaringType == level)) continue;
            if (property is not null && level.GetProperty(property, Declared)?.IsDefined(typeof(NotStoredAttribute)) == true) continue;
            string name = property ?? field.Name;
            yield return property is not null && level.GetProperty(property, Declared)?.GetMethod is { IsPublic: true }
                ? new TypeProblem($"{path}.{name}", field.FieldType, "can be neither set nor passed to a constructor", "give it an `init` accessor or a constructor parameter of its name, or mark it [NotStored]")
                : new TypeProblem($"{path}.{name}", field.FieldType, "is not public, so it would be lost", "make it a public property, or mark it [NotStored] if it need not survive or a stored property covers it");
        }
    }

    static bool Makes(ConstructorInfo constructor, List<RowMember> members)
    {
        ParameterInfo[] parameters = constructor.GetParameters();
        return parameters.All(p => members.Any(m => Matches(p, m))) && members.All(m => m.CanSet || parameters.Any(p => Matches(p, m)));
    }

    // The parameters of a positional record are its members, written alike; those of other constructors begin in lower case.
    static bool IsPositional(ConstructorInfo constructor, List<RowMember> members) =>
        constructor.GetParameters() is { Length: > 0 } parameters && parameters.All(p => members.Any(m => m.Name == p.Name)) && Makes(constructor, members);

    static int[] ArgumentsOf(ConstructorInfo? constructor, List<RowMember> members) =>
        constructor is null ? [] : [.. constructor.GetParameters().Select(p => members.FindIndex(m => Matches(p, m)))];

    static TypeProblem NoConstructor(string path, Type type, List<RowMember> members)
    {
        string unset = string.Join(", ", members.Where(m => !m.CanSet).Select(m => m.Name));
        string reason = "has no constructor whose parameters all have the name and type of a public member" + (unset.Length > 0 ? $", with {unset} among them" : "");
        return new TypeProblem(path, type, reason, "declare it as a positional record, or add a constructor without parameters and `init` accessors");
    }

    static RowMember TupleMember(Type type, ParameterInfo parameter)
    {
        MemberInfo member = type.GetMembers(BindingFlags.Instance | BindingFlags.Public).Single(m => m is PropertyInfo or FieldInfo && m.Name.Equals(parameter.Name, StringComparison.OrdinalIgnoreCase));
        return new RowMember(member.Name, parameter.ParameterType, member, false);
    }

    static bool Matches(ParameterInfo parameter, RowMember member) =>
        member.Type == parameter.ParameterType && string.Equals(member.Name, parameter.Name, StringComparison.OrdinalIgnoreCase);

    static bool IsCopy(ConstructorInfo constructor, Type type) => constructor.GetParameters() is [var only] && only.ParameterType == type;
}
