using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>The older forms of types.</summary>
internal static class Upgrades
{
    /// <summary>What values of the type can be made from, in the order of names.</summary>
    public static Type[] OlderForms(Type type) =>
    [
        .. type.GetInterfaces()
            .Where(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IUpgrade<,>) && i.GetGenericArguments()[0] == type)
            .Select(static i => i.GetGenericArguments()[1]).OrderBy(TypeName.Of, StringComparer.Ordinal),
    ];

    /// <summary>The chain that leads back to the type, from the type to itself; null when there is none.</summary>
    public static IReadOnlyList<Type>? CycleOf(Type type)
    {
        List<Type> chain = [type];
        return Leads(type, type, chain, []) ? chain : null;
    }

    static bool Leads(Type from, Type to, List<Type> chain, HashSet<Type> seen)
    {
        foreach (Type old in OlderForms(from))
        {
            chain.Add(old);
            if (old == to || (seen.Add(old) && Leads(old, to, chain, seen))) return true;
            chain.RemoveAt(chain.Count - 1);
        }

        return false;
    }
}

/// <content>Older forms.</content>
public sealed partial class SchemaResolver
{
    /// <summary>
    /// What was written is read as the type itself or as an older form: as the one that reads it as it is, otherwise as the type if
    /// that can be, otherwise as the first older form that can.
    /// </summary>
    ReadPlan? Nearest(SchemaType written, Type type, Type[] olds, string path, SchemaUse use, bool isOld)
    {
        (SchemaResolver direct, ReadPlan? plan) = Try(r => r.Direct(written, type, path, use, isOld), null);
        if (direct.IsExact) return Accept(direct, plan);
        List<(SchemaResolver Resolver, ReadPlan Plan, Type Old)> others = [];
        // A chain that leads back to itself is refused when the job is planned; here it only must end.
        foreach (Type old in olds.Where(o => o != type && !_upgrading.Contains(o) && CodecCheck.Problems(o).Count == 0))
        {
            (SchemaResolver other, ReadPlan? read) = Try(r => r.Whole(written, old, path, use, isOld: true), type);
            if (other._problems.Count == 0) others.Add((other, new ReadPlan.Upgraded(type, read!), old));
        }

        bool canRead = direct._problems.Count == 0;
        int nearest = others.FindIndex(static o => o.Resolver.IsExact);
        if (nearest < 0 && (canRead || others.Count == 0)) return Accept(direct, plan);
        (SchemaResolver chosen, ReadPlan upgraded, Type form) = others[Math.Max(nearest, 0)];
        if (use == SchemaUse.Distinct)
            return Problem(path, written.ToString(), type, "is made from an older form where it tells entries apart, which may make different ones one", "keep the type of what tells entries apart");
        Accept(chosen, upgraded);
        _changes.Add(new(TypeName.Short(type), $"upgraded from {TypeName.Short(form)}", IsUpgrade: true));
        return upgraded;
    }

    bool IsExact => _problems.Count == 0 && _changes.TrueForAll(static c => c.IsUpgrade);

    (SchemaResolver Resolver, ReadPlan? Plan) Try(Func<SchemaResolver, ReadPlan?> resolve, Type? upgrading)
    {
        Stack<Type> path = new(_upgrading.Reverse());
        if (upgrading is not null) path.Push(upgrading);
        SchemaResolver trial = new(_written, _definitions, new(_known), path);
        return (trial, resolve(trial));
    }

    ReadPlan? Accept(SchemaResolver trial, ReadPlan? plan)
    {
        _changes.AddRange(trial._changes);
        _problems.AddRange(trial._problems);
        foreach (((string, Type, SchemaUse) key, ReadPlan known) in trial._known) _known.TryAdd(key, known);
        return plan;
    }
}
