using System.Text;

namespace Millrace.State;

/// <summary>Names of types as C# programmers write them: stable, without assemblies and without arity marks.</summary>
internal static class TypeName
{
    static readonly Dictionary<Type, string> s_keywords = new()
    {
        [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(char)] = "char",
        [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int", [typeof(uint)] = "uint",
        [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(string)] = "string", [typeof(object)] = "object", [typeof(void)] = "void",
    };

    /// <summary>The name with its namespace, for example <c>Shop.Order</c> or <c>System.Collections.Generic.List&lt;int&gt;</c>.</summary>
    public static string Of(Type type)
    {
        if (s_keywords.TryGetValue(type, out string? keyword)) return keyword;
        if (type.IsArray) return Of(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (type.IsPointer) return Of(type.GetElementType()!) + "*";
        if (type.IsByRef) return "ref " + Of(type.GetElementType()!);
        if (type.IsGenericParameter) return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } underlying) return Of(underlying) + "?";
        StringBuilder text = new();
        if (!string.IsNullOrEmpty(type.Namespace)) text.Append(type.Namespace).Append('.');
        AppendNested(text, type, type.GetGenericArguments());
        return text.ToString();
    }

    /// <summary>The name without its namespace, for member paths.</summary>
    public static string Short(Type type)
    {
        string name = Of(type);
        return !string.IsNullOrEmpty(type.Namespace) && name.StartsWith(type.Namespace + ".", StringComparison.Ordinal)
            ? name[(type.Namespace.Length + 1)..]
            : name;
    }

    // A nested generic type carries its parents' arguments too: each level prints those it introduced.
    static void AppendNested(StringBuilder text, Type type, Type[] arguments)
    {
        int before = 0;
        if (type.DeclaringType is { } parent)
        {
            AppendNested(text, parent, arguments);
            text.Append('.');
            before = parent.GetGenericArguments().Length;
        }

        int tick = type.Name.IndexOf('`');
        text.Append(tick < 0 ? type.Name : type.Name[..tick]);
        int after = type.GetGenericArguments().Length;
        if (after == before) return;
        text.Append('<').AppendJoin(", ", arguments[before..after].Select(Of)).Append('>');
    }
}
