using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>What a member has that was not written.</summary>
/// <param name="IsSet">Whether <paramref name="Value"/> is put there; otherwise it is left as its declaration makes it.</param>
/// <param name="Value">The value; null also stands for the default of a struct.</param>
/// <param name="Problem">Why there is none; null when there is.</param>
/// <param name="Cure">What to do then.</param>
internal readonly record struct MissingMember(bool IsSet, object? Value, string? Problem = null, string? Cure = null)
{
    /// <summary>The value in words.</summary>
    public string Text => !IsSet ? "as declared" : Value switch
    {
        null => "default null",
        string text => $"default \"{text}\"",
        _ => $"default {Convert.ToString(Value, CultureInfo.InvariantCulture)}",
    };

    /// <summary>
    /// The stated default if there is one; what the declaration says where nothing but it is asked; null where the type has it. A member that is
    /// required, or is passed to the constructor, needs one of these.
    /// </summary>
    public static MissingMember Of(RowShape row, int index)
    {
        RowMember member = row.Members[index];
        ParameterInfo? parameter = ParameterOf(row, index);
        if (Stated(member, parameter) is { } stated) return stated;
        bool isRequired = member.Member.IsDefined(typeof(RequiredMemberAttribute));
        if (parameter is null && !isRequired) return new(false, null);
        if (!isRequired && AllowsNull(parameter!)) return new(true, null);
        string what = parameter is null ? "is required" : "is passed to the constructor";
        return new(false, null, $"was not written, {what} and has no stated default",
            parameter is null ? "state one with [DefaultValue(…)]" : $"give the parameter a default value, state one with [DefaultValue(…)], or declare it as {TypeName.Short(member.Type)}? if it may be absent");
    }

    /// <summary>The stated default of a member, for what was absent where it may not be any more; null when none is stated.</summary>
    public static MissingMember? StatedOf(RowShape row, int index) => Stated(row.Members[index], ParameterOf(row, index));

    static ParameterInfo? ParameterOf(RowShape row, int index)
    {
        int place = row.Arguments.ToList().IndexOf(index);
        return place < 0 ? null : row.Constructor!.GetParameters()[place];
    }

    static MissingMember? Stated(RowMember member, ParameterInfo? parameter) =>
        (member.Member.GetCustomAttribute<DefaultValueAttribute>() ?? parameter?.GetCustomAttribute<DefaultValueAttribute>()) is { } stated ? Stated(stated.Value, member)
        : parameter is { HasDefaultValue: true } ? Stated(parameter.DefaultValue, member)
        : null;

    static bool AllowsNull(ParameterInfo parameter) => parameter.ParameterType.IsValueType
        ? Nullable.GetUnderlyingType(parameter.ParameterType) is not null
        : new NullabilityInfoContext().Create(parameter).WriteState != NullabilityState.NotNull;

    static MissingMember Stated(object? value, RowMember member)
    {
        Type type = Nullable.GetUnderlyingType(member.Type) ?? member.Type;
        // A parameter says `default` of a struct as null.
        if (value is null) return new(true, member.Type.IsValueType && type == member.Type ? RuntimeHelpers.GetUninitializedObject(type) : null);
        if (type.IsInstanceOfType(value)) return new(true, value);
        try
        {
            object converted = type.IsEnum ? Enum.ToObject(type, value)
                : value is string text && TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string)) ? TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text)!
                : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
            return new(true, converted);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException or ArgumentException or NotSupportedException)
        {
            return new(false, null, $"was not written, and its stated default {value} is no {TypeName.Short(type)}", "state one of its type");
        }
    }
}
