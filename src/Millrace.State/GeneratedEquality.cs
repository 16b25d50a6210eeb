using System.Reflection;
using System.Runtime.CompilerServices;

namespace Millrace.State;

/// <summary>
/// Recognises types whose equality the compiler generated from their fields, because only then is it known which values
/// are equal, and a hash of the fields agrees with it.
/// </summary>
internal static class GeneratedEquality
{
    const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>What is wrong with the equality of this struct or class (reason and cure), or null when it is generated.</summary>
    public static (string Reason, string Cure)? Refuse(Type type)
    {
        if (IsTuple(type) || IsAnonymous(type)) return null;
        for (Type level = type; level != typeof(object) && level != typeof(ValueType); level = level.BaseType!)
        {
            MethodInfo? equals = level.GetMethod("Equals", Declared, [level]);
            MethodInfo? hash = level.GetMethod("GetHashCode", Declared, []);
            bool record = level.IsValueType ? level.GetMethod("PrintMembers", Declared) is not null : IsRecordClass(level);
            if (!record) return RefuseOther(level, equals);
            if (!IsGenerated(equals) || !IsGenerated(hash) || (!level.IsValueType && !IsGenerated(ContractOf(level))))
            {
                return ("has a hand-written Equals, GetHashCode or EqualityContract, which the stable hash cannot follow",
                    "remove it, or use the members that make the identity as the key");
            }
        }

        return null;
    }

    /// <summary>
    /// The fields that generated equality compares, of the type and its base records, in ordinal order of the members' names.
    /// Names and not positions: neither moving a member nor splitting a partial type may move a key to another place.
    /// </summary>
    public static (string Name, FieldInfo Field)[] FieldsOf(Type type)
    {
        List<(string Name, FieldInfo Field)> fields = [];
        for (Type? level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            fields.AddRange(level.GetFields(Declared).Select(f => (MemberName(f), f)));
        }

        return [.. fields.OrderBy(f => f.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the type is one of the tuples, whose members compare one by one.</summary>
    public static bool IsTuple(Type type) => type.IsAssignableTo(typeof(ITuple)) && type.Assembly == typeof(object).Assembly && type.IsGenericType;

    /// <summary>Whether the compiler made the type for <c>new { … }</c>.</summary>
    public static bool IsAnonymous(Type type) =>
        type.IsClass && type.IsSealed && type.Name.Contains("AnonymousType", StringComparison.Ordinal) && type.IsDefined(typeof(CompilerGeneratedAttribute));

    /// <summary>Whether the type was declared as <c>record class</c>.</summary>
    public static bool IsRecordClass(Type type) => type.IsClass && type.GetMethod("<Clone>$", Declared) is not null;

    static (string Reason, string Cure) RefuseOther(Type level, MethodInfo? equals)
    {
        if (equals is not null || level.GetMethod("Equals", Declared, [typeof(object)]) is not null)
        {
            return ("has a hand-written Equals, which the stable hash cannot follow", "make it a record without its own Equals, or use the members that make the identity as the key");
        }

        return level.IsValueType
            ? ("compares by reflection over its fields, which is slow and not reproducible", "declare it as `readonly record struct`")
            : ("has no value equality", "declare it as `sealed record`, or use one of its members as the key");
    }

    static MethodInfo? ContractOf(Type level) => level.GetProperty("EqualityContract", Declared)?.GetMethod;

    static bool IsGenerated(MethodInfo? method) => method?.IsDefined(typeof(CompilerGeneratedAttribute)) == true;

    // Compilers name the field of property X <X>k__BackingField, or <X>i__Field in anonymous types; tuples have m_Item1.
    static string MemberName(FieldInfo field) => field.Name switch
    {
        ['<', .. var rest] when rest.IndexOf('>') is > 0 and var end => rest[..end],
        ['m', '_', .. var rest] when field.DeclaringType!.Assembly == typeof(object).Assembly => rest,
        var name => name,
    };
}
