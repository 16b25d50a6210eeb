using System.Reflection;

namespace Millrace.State.Codecs;

/// <summary>Finds the cases of a closed hierarchy: nested types under a private constructor, or those that an attribute names.</summary>
internal static class ClosedHierarchy
{
    const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>The union of an abstract class or interface, or why it is none.</summary>
    public static TypeShape ShapeOf(Type type)
    {
        if (!type.IsAbstract) return new TypeShape.Refused("has [StateTypes] but is not abstract", "make it abstract, or remove the attribute");
        bool named = type.IsDefined(typeof(StateTypesAttribute), false);
        if (!named && !HasPrivateConstructorsOnly(type))
        {
            return new TypeShape.Refused(type.IsInterface ? "is an interface: it does not say which types it holds" : "is abstract and open: anybody may derive from it",
                "make all its constructors private and nest the cases, name them with [StateTypes(typeof(A), typeof(B))], or use a concrete type");
        }

        Type[] cases = [.. (named ? type.GetCustomAttribute<StateTypesAttribute>(false)!.Types : NestedCases(type, type)).Distinct().OrderBy(TypeName.Of, StringComparer.Ordinal)];
        if (cases.Length == 0) return new TypeShape.Refused("is a closed hierarchy without cases", "nest at least one sealed record that derives from it");
        foreach (Type one in cases)
        {
            if (!one.IsAssignableTo(type)) return new TypeShape.Refused($"names the case {TypeName.Of(one)}, which does not derive from it", "remove it from [StateTypes]");
            if (!one.IsSealed) return new TypeShape.Refused($"has the case {TypeName.Of(one)}, which is not sealed", "seal the case");
        }

        return new TypeShape.Union(cases);
    }

    // Cases nest in the root or in abstract cases of it; only there can they reach its private constructor.
    static IEnumerable<Type> NestedCases(Type root, Type place)
    {
        foreach (Type nested in place.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic))
        {
            Type closed = nested;
            if (nested.IsGenericTypeDefinition)
            {
                if (nested.GetGenericArguments().Length != root.GetGenericArguments().Length) continue;
                closed = nested.MakeGenericType(root.GetGenericArguments());
            }

            if (!closed.IsAssignableTo(root)) continue;
            if (!closed.IsAbstract) yield return closed;
            foreach (Type inner in NestedCases(root, closed)) yield return inner;
        }
    }

    // Every record has a copy constructor that derived records may call, but only with an object that exists already.
    static bool HasPrivateConstructorsOnly(Type type) => type.IsClass
        && type.GetConstructors(Instance).Where(c => !(c.GetParameters() is [var only] && only.ParameterType == type)).All(c => c.IsPrivate);
}
