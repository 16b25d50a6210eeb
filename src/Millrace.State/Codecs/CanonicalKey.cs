using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>The canonical forms of scalars in keys: of all values that are equal, the one that is written.</summary>
internal static class CanonicalKey
{
    static readonly MethodInfo[] s_forms = typeof(CanonicalKey).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
        .Where(m => m.Name == nameof(Form)).ToArray();

    /// <summary>The method that brings a value of the type into its canonical form, or null when every value has one form.</summary>
    public static MethodInfo? FormOf(Type type) => Array.Find(s_forms, m => m.ReturnType == type);

    public static double Form(double value) => double.IsNaN(value) ? double.NaN : value == 0 ? 0 : value;

    public static float Form(float value) => float.IsNaN(value) ? float.NaN : value == 0 ? 0 : value;

    public static Half Form(Half value) => Half.IsNaN(value) ? Half.NaN : value == Half.Zero ? Half.Zero : value;

    public static DateTime Form(DateTime value) => DateTime.SpecifyKind(value, DateTimeKind.Utc);

    public static DateTimeOffset Form(DateTimeOffset value) => value.ToUniversalTime();

    /// <summary>Without trailing zeros: dividing by one with 28 zeros leaves the smallest scale that holds the value.</summary>
    public static decimal Form(decimal value) => value == 0 ? 0 : value / 1.0000000000000000000000000000m;
}
