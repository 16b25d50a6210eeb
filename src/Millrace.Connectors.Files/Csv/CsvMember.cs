using System.Reflection;
using System.Text.Json.Serialization;

namespace Millrace.Connectors.Files;

/// <summary>A constructor parameter, property or field of a record type, with its column.</summary>
/// <param name="Column">The name of the column.</param>
/// <param name="Type">The type of the member.</param>
/// <param name="Parameter">The constructor parameter, or null.</param>
/// <param name="Source">The property or field; null for a parameter that has none of its name.</param>
internal sealed record CsvMember(string Column, Type Type, ParameterInfo? Parameter, MemberInfo? Source)
{
    const BindingFlags Members = BindingFlags.Public | BindingFlags.Instance;

    /// <summary>Whether a column may be missing.</summary>
    public bool IsOptional => Parameter is { HasDefaultValue: true };

    /// <summary>The widest public constructor; null for a struct without one, or for a type that cannot be made.</summary>
    public static ConstructorInfo? ConstructorOf(Type type) =>
        type.GetConstructors().OrderByDescending(static c => c.GetParameters().Length).FirstOrDefault();

    /// <summary>What is needed to make a record: the constructor's parameters, then the properties it does not set.</summary>
    public static IReadOnlyList<CsvMember> ToRead(Type type)
    {
        ParameterInfo[] parameters = ConstructorOf(type)?.GetParameters() ?? [];
        PropertyInfo[] properties = [.. Properties(type)];
        return
        [
            .. parameters.Select(p => OfParameter(p, Array.Find(properties, q => SameName(p, q)))),
            .. properties.Where(p => p.SetMethod is { IsPublic: true } && !Array.Exists(parameters, q => SameName(q, p)))
                .Select(p => new CsvMember(Name(p) ?? p.Name, p.PropertyType, null, p)),
        ];
    }

    /// <summary>What there is to write of a record: its properties, in the order they are declared, or the fields of a tuple.</summary>
    public static IReadOnlyList<CsvMember> ToWrite(Type type)
    {
        ParameterInfo[] parameters = ConstructorOf(type)?.GetParameters() ?? [];
        CsvMember[] properties =
        [
            .. Properties(type).Where(static p => p.GetMethod is { IsPublic: true }).Select(p =>
                Array.Find(parameters, q => SameName(q, p)) is { } parameter
                    ? OfParameter(parameter, p)
                    : new CsvMember(Name(p) ?? p.Name, p.PropertyType, null, p)),
        ];
        return properties.Length > 0 ? properties
            : [.. type.GetFields(Members).Select(static f => new CsvMember(Name(f) ?? f.Name, f.FieldType, null, f))];
    }

    static CsvMember OfParameter(ParameterInfo parameter, PropertyInfo? property)
    {
        string? given = parameter.GetCustomAttribute<CsvColumnAttribute>()?.Name ?? (property is null ? null : Name(property));
        return new CsvMember(given ?? property?.Name ?? parameter.Name!, parameter.ParameterType, parameter, property);
    }

    static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(Members).Where(static p => p.GetIndexParameters().Length == 0).OrderBy(static p => p.MetadataToken);

    static string? Name(MemberInfo member) =>
        member.GetCustomAttribute<CsvColumnAttribute>()?.Name ?? member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name;

    static bool SameName(ParameterInfo parameter, PropertyInfo property) =>
        string.Equals(parameter.Name, property.Name, StringComparison.OrdinalIgnoreCase) && parameter.ParameterType == property.PropertyType;
}
