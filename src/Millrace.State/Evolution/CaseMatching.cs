namespace Millrace.State.Evolution;

/// <summary>Finds out which case of a closed hierarchy each written one is. Pure.</summary>
internal static class CaseMatching
{
    /// <summary>
    /// By the full name, or one given as a former name; otherwise as one that has moved; otherwise by a former name. Cases in different places may share a name: one that has moved
    /// is the one with the most of the classes around it, and none that another is already.
    /// </summary>
    /// <param name="written">The names of the cases that were written.</param>
    /// <param name="cases">The cases that there are.</param>
    /// <returns>A match for each that was written, in their order.</returns>
    public static CaseMatch[] Of(IReadOnlyList<string> written, IReadOnlyList<Type> cases)
    {
        CaseMatch[] found = [.. written.Select(w => cases.FirstOrDefault(c => TypeName.Of(c) == w) is { } same ? new CaseMatch(same) : Only(cases.Where(c => FormerNames.HasInFull(w, c))))];
        (int Written, Type Case, int Likeness)[] pairs =
        [
            .. from w in Enumerable.Range(0, found.Length) from c in cases
               let likeness = Likeness(written[w], c) where likeness > 0 select (w, c, likeness),
        ];
        foreach (int likeness in pairs.Select(static p => p.Likeness).Distinct().OrderDescending()) MatchMoved(found, pairs.Where(p => p.Likeness == likeness));
        for (int i = 0; i < found.Length; i++)
        {
            if (found[i].IsAmbiguous) continue;
            CaseMatch former = Only(cases.Where(c => FormerNames.HasShort(written[i], c)));
            if (found[i].Case is not { } match) found[i] = former;
            else if (former.Case is { } other && other != match && FormerNames.PartsAlike(written[i], match) == 1) found[i] = new(null, IsAmbiguous: true);
        }

        return found;
    }

    static void MatchMoved(CaseMatch[] found, IEnumerable<(int Written, Type Case, int Likeness)> alike)
    {
        HashSet<Type> taken = [.. found.Select(static f => f.Case).OfType<Type>()];
        (int Written, Type Case, int Likeness)[] free = [.. alike.Where(p => found[p.Written] is { Case: null, IsAmbiguous: false } && !taken.Contains(p.Case))];
        foreach ((int written, Type match, _) in free)
        {
            bool isSure = free.Count(p => p.Written == written) == 1 && free.Count(p => p.Case == match) == 1;
            found[written] = isSure ? new(match) : new(null, IsAmbiguous: true);
        }
    }

    // Type arguments tell apart what the names do not.
    static int Likeness(string written, Type type)
    {
        int parts = FormerNames.PartsAlike(written, type);
        return parts == 0 ? 0 : (parts * 2) + (FormerNames.Short(written) == FormerNames.Short(TypeName.Of(type)) ? 1 : 0);
    }

    static CaseMatch Only(IEnumerable<Type> cases) => cases.Take(2).ToArray() switch
    {
        [] => default,
        [var one] => new(one),
        _ => new(null, IsAmbiguous: true),
    };
}

/// <summary>What a written case is.</summary>
/// <param name="Case">The case that it is read as; null when there is none, or when it is not known which.</param>
/// <param name="IsAmbiguous">Whether it may be more than one.</param>
internal readonly record struct CaseMatch(Type? Case, bool IsAmbiguous = false);
