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

    // Type arguments change their names too; what they are is compared where they are used.
    static string Plain(string name)
    {
        int open = name.IndexOf('<');
        int mark = name.LastIndexOf('#');
        string plain = mark > 0 ? name[..mark] : name;
        return open > 0 ? plain[..Math.Min(open, plain.Length)] : plain;
    }

    static string Last(string name) => name[(name.LastIndexOf('.') + 1)..];
}
