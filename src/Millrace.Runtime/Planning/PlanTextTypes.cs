using System.Globalization;

namespace Millrace.Runtime.Planning;

/// <summary>Names of types as programmers write them, without namespaces: short enough for a plan.</summary>
static class PlanTextTypes
{
    static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(char)] = "char",
        [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint",
        [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(string)] = "string", [typeof(object)] = "object",
    };

    public static string NameOf(Type type)
    {
        if (s_keywords.TryGetValue(type, out string? keyword)) return keyword;
        if (type.IsArray) return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (Nullable.GetUnderlyingType(type) is { } underlying) return NameOf(underlying) + "?";
        Type[] arguments = type.GetGenericArguments();
        if (arguments.Length == 0) return type.Name;
        string parts = string.Join(", ", arguments.Select(NameOf));
        return type.Name.StartsWith("ValueTuple`", StringComparison.Ordinal) ? $"({parts})" : $"{type.Name.Split('`')[0]}<{parts}>";
    }

    /// <summary>A number of bytes for people: <c>640 B</c>, <c>1.5 KiB</c>.</summary>
    public static string BytesOf(long bytes)
    {
        string[] units = ["KiB", "MiB", "GiB", "TiB"];
        if (bytes < 1024) return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
        double amount = bytes / 1024.0;
        int unit = 0;
        for (; amount >= 1024 && unit < units.Length - 1; unit++) amount /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{amount:N1} {units[unit]}");
    }
}
