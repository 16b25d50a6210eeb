using System.Reflection;
using System.Reflection.Emit;

namespace Millrace.Tests.State.Evolution;

/// <summary>Makes the types of one version.</summary>
sealed class ShapeTypes
{
    const TypeAttributes Sealed = TypeAttributes.Sealed | TypeAttributes.Class;

    static readonly ConstructorInfo s_formerName = typeof(FormerNameAttribute).GetConstructor([typeof(string)])!;

    static readonly Type[] s_tuples =
    [
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>), typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
    ];

    static readonly Type[] s_objects =
    [
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>), typeof(Tuple<,,,,,,>), typeof(Tuple<,,,,,,,>),
    ];

    readonly ModuleBuilder _module = AssemblyBuilder.DefineDynamicAssembly(new("Shapes"), AssemblyBuilderAccess.RunAndCollect).DefineDynamicModule("Shapes");
    readonly Dictionary<Shape, Type> _made = new(ReferenceEqualityComparer.Instance);

    /// <summary>The type of a shape.</summary>
    public Type Of(Shape shape)
    {
        if (_made.TryGetValue(shape, out Type? made)) return made;
        made = shape switch
        {
            Shape.Scalar scalar => scalar.Type,
            Shape.Maybe maybe => typeof(Nullable<>).MakeGenericType(Of(maybe.Inner)),
            Shape.Many many => typeof(List<>).MakeGenericType(Of(many.Element)),
            Shape.Set set => set.Form.MakeGenericType(Of(set.Element)),
            Shape.Map map => typeof(Dictionary<,>).MakeGenericType(Of(map.Key), Of(map.Value)),
            Shape.Tuple tuple => TupleOf([.. tuple.Items.Select(Of)], tuple.IsObject ? s_objects : s_tuples),
            Shape.Choice choice => MakeEnum(choice),
            Shape.Row row => MakeRow(row),
            Shape.Union union => MakeUnion(union),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        _made.Add(shape, made);
        return made;
    }

    // The eighth item is the tuple of the rest.
    static Type TupleOf(Type[] items, Type[] forms) => items.Length < forms.Length
        ? forms[items.Length - 1].MakeGenericType(items)
        : forms[^1].MakeGenericType([.. items[..(forms.Length - 1)], TupleOf(items[(forms.Length - 1)..], forms)]);

    Type MakeRow(Shape.Row row)
    {
        TypeBuilder type = _module.DefineType(row.Name, TypeAttributes.Public | Sealed | (row.IsStruct ? TypeAttributes.SequentialLayout : 0), row.IsStruct ? typeof(ValueType) : typeof(object));
        DefineFields(type, row.Fields);
        return type.CreateType();
    }

    void DefineFields(TypeBuilder type, List<Field> fields)
    {
        foreach (Field field in fields)
        {
            FieldBuilder built = type.DefineField(field.Name, Of(field.Shape), FieldAttributes.Public);
            if (field.Former is not null) built.SetCustomAttribute(new CustomAttributeBuilder(s_formerName, [field.Former]));
        }
    }

    // Nobody outside can derive from it: its constructor is private, and so are those of the abstract cases.
    Type MakeUnion(Shape.Union union)
    {
        TypeBuilder root = _module.DefineType(union.Name, TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Class);
        ConstructorBuilder made = DefineConstructor(root, typeof(object).GetConstructor([])!, MethodAttributes.Private);
        Dictionary<string, (TypeBuilder Type, ConstructorBuilder Made)> groups = [];
        List<TypeBuilder> cases = [];
        foreach (Case one in union.Cases)
        {
            (TypeBuilder place, ConstructorBuilder within) = (root, made);
            if (one.Within is not null)
            {
                if (!groups.TryGetValue(one.Within, out (TypeBuilder Type, ConstructorBuilder Made) group))
                {
                    TypeBuilder type = root.DefineNestedType(one.Within, TypeAttributes.NestedPublic | TypeAttributes.Abstract | TypeAttributes.Class, root);
                    groups[one.Within] = group = (type, DefineConstructor(type, made, MethodAttributes.Private));
                }

                (place, within) = group;
            }

            TypeBuilder built = place.DefineNestedType(one.Name, TypeAttributes.NestedPublic | Sealed, place);
            DefineConstructor(built, within, MethodAttributes.Public);
            DefineFields(built, one.Fields);
            if (one.Former is not null) built.SetCustomAttribute(new CustomAttributeBuilder(s_formerName, [one.Former]));
            cases.Add(built);
        }

        Type whole = root.CreateType();
        foreach ((TypeBuilder type, _) in groups.Values) type.CreateType();
        foreach (TypeBuilder built in cases) built.CreateType();
        return whole;
    }

    static ConstructorBuilder DefineConstructor(TypeBuilder type, ConstructorInfo before, MethodAttributes access)
    {
        ConstructorBuilder constructor = type.DefineConstructor(access | MethodAttributes.HideBySig, CallingConventions.Standard, []);
        ILGenerator code = constructor.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Call, before);
        code.Emit(OpCodes.Ret);
        return constructor;
    }

    Type MakeEnum(Shape.Choice choice)
    {
        EnumBuilder type = _module.DefineEnum(choice.Name, TypeAttributes.Public, typeof(int));
        foreach ((string name, int number) in choice.Numbers)
        {
            FieldBuilder field = type.DefineLiteral(name, number);
            if (choice.Former.TryGetValue(name, out string? former)) field.SetCustomAttribute(new CustomAttributeBuilder(s_formerName, [former]));
        }

        return type.CreateType();
    }
}
