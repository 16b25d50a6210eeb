using System.Reflection;

namespace Millrace.State.Evolution;

/// <summary>Compares names of what was written with those of the program.</summary>
internal static class FormerNames
{
    /// <summary>The names that members, and the parameters their values go through, were given before.</summary>
    public static IEnumerable<string> Of(ICustomAttributeProvider declared) =>
        declared.GetCustomAttributes(typeof(FormerNameAttribute), false).Cast<FormerNameAttribute>().Select(static a => a.Name);

    /// <summary>How well the name of a written type fits a type: 3 in full, 2 without its namespace, 1 by a former name, 0 not at all.</summary>
    public static int Fit(string written, Type type)
    {
        // Compilers number anonymous types as they please; they are told apart by their members.
        if (GeneratedEquality.IsAnonymous(type)) return written.Contains("AnonymousType", StringComparison.Ordinal) ? 3 : 0;
        string name = TypeName.Of(type);
        string full = Plain(written);
        if (written == name) return 3;
        if (Last(full) == Last(Plain(name))) return 2;
        return Of(type).Any(former => former == full || former == Last(full)) ? 1 : 0;
    }

    /// <summary>Texts of schemas for people: without namespaces.</summary>
    public static string Short(string text)
    {
        System.Text.StringBuilder kept = new();
        int word = 0;
        foreach (char c in text)
        {
            if (c == '.') kept.Length = word;
            else kept.Append(c);
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '.')) word = kept.Length;
        }

        return kept.ToString();
    }

    /// <summary>Whether a type was given the full name of a written one as a former name.</summary>
    public static bool HasInFull(string written, Type type) => Of(type).Contains(Plain(written));

    /// <summary>Whether a type was given the name of a written one as a former name, without what is around it.</summary>
    public static bool HasShort(string written, Type type) => Of(type).Contains(Last(Plain(written)));

    /// <summary>How many of the last parts of two names are the same: the name itself, the class around it, and so on; 0 when the names differ.</summary>
    public static int PartsAlike(string written, Type type)
    {
        string[] was = Plain(written).Split('.'), now = Plain(TypeName.Of(type)).Split('.');
        int alike = 0;
        while (alike < was.Length && alike < now.Length && was[^(alike + 1)] == now[^(alike + 1)]) alike++;
        return alike;
    }

    /// <summary>The name of a written type without type arguments, which change their names too; what they are is compared where they are used.</summary>
    public static string Plain(string name)
    {
        // What is within a generic class has arguments in the middle of its name.
        int mark = name.LastIndexOf('#');
        System.Text.StringBuilder kept = new();
        int depth = 0;
        foreach (char c in mark > 0 ? name.AsSpan(0, mark) : name)
        {
            if (c == '>') depth--;
            else if (c == '<') depth++;
            else if (depth == 0) kept.Append(c);
        }

        return kept.ToString();
    }

    static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
}
