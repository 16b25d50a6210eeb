using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Millrace.RepoTests.Layers;

namespace Millrace.RepoTests.PublicApi;

/// <summary>
/// The public surface of an assembly as text, one line per type and member, in an order that does not depend on the sources.
/// What is marked [Experimental("MR9001")] is left out: it is public for Millrace's own assemblies and promises users nothing,
/// so its changes would drown those that matter (docs/decisions/0001).
/// </summary>
internal static class ApiText
{
    const string EngineId = "MR9001";

    static readonly SymbolDisplayFormat Format = new(
        globalNamespaceStyle: SymbolDisplayGlobalNamespaceStyle.Omitted,
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypes,
        genericsOptions: SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeVariance
            | SymbolDisplayGenericsOptions.IncludeTypeConstraints,
        memberOptions: SymbolDisplayMemberOptions.IncludeAccessibility | SymbolDisplayMemberOptions.IncludeModifiers
            | SymbolDisplayMemberOptions.IncludeRef
            | SymbolDisplayMemberOptions.IncludeType | SymbolDisplayMemberOptions.IncludeParameters
                | SymbolDisplayMemberOptions.IncludeConstantValue
            | SymbolDisplayMemberOptions.IncludeExplicitInterface,
        delegateStyle: SymbolDisplayDelegateStyle.NameAndSignature,
        extensionMethodStyle: SymbolDisplayExtensionMethodStyle.StaticMethod,
        parameterOptions: SymbolDisplayParameterOptions.IncludeType | SymbolDisplayParameterOptions.IncludeName
            | SymbolDisplayParameterOptions.IncludeModifiers
            | SymbolDisplayParameterOptions.IncludeDefaultValue | SymbolDisplayParameterOptions.IncludeExtensionThis,
        propertyStyle: SymbolDisplayPropertyStyle.NameOnly,
        kindOptions: SymbolDisplayKindOptions.IncludeMemberKeyword,
        miscellaneousOptions: SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier
                | SymbolDisplayMiscellaneousOptions.AllowDefaultLiteral);

    static readonly SymbolDisplayFormat NameAndConstraints = new(
        typeQualificationStyle: Format.TypeQualificationStyle, genericsOptions: Format.GenericsOptions,
            miscellaneousOptions: Format.MiscellaneousOptions);

    static readonly SymbolDisplayFormat NameOnly = NameAndConstraints.WithGenericsOptions(
        SymbolDisplayGenericsOptions.IncludeTypeParameters | SymbolDisplayGenericsOptions.IncludeVariance);

    /// <summary>Renders a built assembly, or returns null where all of it is marked as the engine's own.</summary>
    public static string? Render(string path)
    {
        var reference = MetadataReference.CreateFromFile(path);
        string folder = Path.GetDirectoryName(path)!;
        var neighbours = Directory.EnumerateFiles(folder, "Millrace*.dll").Where(other => other != path)
            .Select(other => MetadataReference.CreateFromFile(other));
        var compilation = CSharpCompilation.Create("Reader", references: [reference, .. SourceCompilations.Platform, .. neighbours]);
        return Render((IAssemblySymbol)compilation.GetAssemblyOrModuleSymbol(reference)!);
    }

    public static string? Render(IAssemblySymbol assembly)
    {
        if (ExperimentalId(assembly) == EngineId) return null;

        List<string> lines = [$"# The public API of {assembly.Name}. A test compares it; see CONTRIBUTING.md for how to accept a change."];
        foreach (var space in Types(assembly.GlobalNamespace).GroupBy(type => type.ContainingNamespace.ToDisplayString())
            .OrderBy(space => space.Key, StringComparer.Ordinal))
        {
            lines.Add("");
            lines.Add($"namespace {space.Key}");
            lines.AddRange(space.OrderBy(type => type.ToDisplayString(NameOnly), StringComparer.Ordinal).SelectMany(TypeLines));
        }
        return string.Join('\n', lines) + "\n";
    }

    public static string? ExperimentalId(ISymbol symbol) => symbol.GetAttributes()
        .Where(attribute => attribute.AttributeClass?.Name == "ExperimentalAttribute")
        .Select(attribute => attribute.ConstructorArguments.Select(argument => argument.Value as string).FirstOrDefault()).FirstOrDefault();

    /// <summary>Types that users can name, the nested ones too.</summary>
    public static IEnumerable<INamedTypeSymbol> VisibleTypes(INamespaceOrTypeSymbol container) =>
        container.GetMembers().OfType<INamespaceOrTypeSymbol>().SelectMany(member => member switch
        {
            INamedTypeSymbol type when IsVisible(type) => [type, .. VisibleTypes(type)],
            INamespaceSymbol space => VisibleTypes(space),
            _ => Enumerable.Empty<INamedTypeSymbol>(),
        });

    static IEnumerable<INamedTypeSymbol> Types(INamespaceSymbol space) =>
        VisibleTypes(space).Where(type => !Enclosing(type).Any(outer => ExperimentalId(outer) == EngineId));

    static IEnumerable<INamedTypeSymbol> Enclosing(INamedTypeSymbol? type)
    {
        for (; type is not null; type = type.ContainingType) yield return type;
    }

    static string[] TypeLines(INamedTypeSymbol type)
    {
        if (type.DelegateInvokeMethod is not null) return ["  " + Marks(type) + Accessibility(type) + "delegate " + DelegateText(type)];

        var members = from member in type.GetMembers()
                      where IsVisible(member) && IsWritten(member) && ExperimentalId(member) != EngineId
                      select "    " + Marks(member) + MemberText(member);
        return ["  " + Marks(type) + Header(type), .. members.Order(StringComparer.Ordinal)];
    }

    static string Header(INamedTypeSymbol type)
    {
        string kind = (type.TypeKind, type.IsRecord) switch
        {
            (TypeKind.Interface, _) => "interface",
            (TypeKind.Enum, _) => "enum",
            (TypeKind.Struct, _) => (type.IsReadOnly ? "readonly " : "") + (type.IsRefLikeType ? "ref " : "") + "struct",
            (_, true) => "record",
            _ => "class",
        };
        bool isClass = type.TypeKind == TypeKind.Class;
        string modifier = !isClass ? "" : type.IsStatic ? "static " : type.IsAbstract ? "abstract " : type.IsSealed ? "sealed " : "";
        var bases = (isClass && type.BaseType is { SpecialType: not SpecialType.System_Object } parent ? new[] { parent } : [])
            .Concat(type.Interfaces.Where(IsVisible)).Select(symbol => symbol.ToDisplayString(NameOnly));
        string underlying = type.EnumUnderlyingType is { SpecialType: not SpecialType.System_Int32 } number
            ? " : " + number.ToDisplayString(NameOnly) : "";
        string inherits = string.Join(", ", bases) is { Length: > 0 } list && type.TypeKind != TypeKind.Enum ? " : " + list : underlying;
        return Accessibility(type) + modifier + kind + " " + type.ToDisplayString(NameOnly) + inherits + Constraints(type);
    }

    static string MemberText(ISymbol member)
    {
        // The compiler leaves out the modifiers of an interface's members, most of which go without saying.
        string modifier = member is not { IsStatic: true, ContainingType.TypeKind: TypeKind.Interface } ? ""
            : member.IsAbstract ? "static abstract " : member.IsVirtual ? "static virtual " : "static ";
        if (member is not IPropertySymbol property) return modifier + member.ToDisplayString(Format);

        string getter = Accessor(property, property.GetMethod, "get");
        string setter = Accessor(property, property.SetMethod, property.SetMethod?.IsInitOnly == true ? "init" : "set");
        return $"{modifier}{property.ToDisplayString(Format)} {{ {getter}{setter}}}";
    }

    static string Accessor(IPropertySymbol property, IMethodSymbol? accessor, string word) => accessor is null || !IsVisible(accessor) ? ""
        : (accessor.DeclaredAccessibility == property.DeclaredAccessibility ? "" : Accessibility(accessor)) + word + "; ";

    static string DelegateText(INamedTypeSymbol type)
    {
        IMethodSymbol invoke = type.DelegateInvokeMethod!;
        string parameters = string.Join(", ", invoke.Parameters.Select(parameter => parameter.ToDisplayString(Format)));
        string byRef = invoke.ReturnsByRef ? "ref " : invoke.ReturnsByRefReadonly ? "ref readonly " : "";
        return $"{byRef}{invoke.ReturnType.ToDisplayString(NameOnly)} {type.ToDisplayString(NameOnly)}({parameters}){Constraints(type)}";
    }

    /// <summary>The where clauses, which the compiler writes after the name.</summary>
    static string Constraints(INamedTypeSymbol type) => type.ToDisplayString(NameAndConstraints)[type.ToDisplayString(NameOnly).Length..];

    static string Marks(ISymbol symbol)
    {
        string experimental = ExperimentalId(symbol) is { } id ? $"[Experimental(\"{id}\")] " : "";
        // Of a ref struct the compiler itself says that it is obsolete to compilers that do not know what that is.
        bool obsolete = symbol is not INamedTypeSymbol { IsRefLikeType: true }
            && symbol.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "ObsoleteAttribute");
        return obsolete ? experimental + "[Obsolete] " : experimental;
    }

    static string Accessibility(ISymbol symbol) => symbol.DeclaredAccessibility switch
    {
        Microsoft.CodeAnalysis.Accessibility.Public => "public ",
        Microsoft.CodeAnalysis.Accessibility.Protected => "protected ",
        _ => "protected internal ",
    };

    static bool IsVisible(ISymbol symbol) => symbol.DeclaredAccessibility switch
    {
        Microsoft.CodeAnalysis.Accessibility.Public => true,
        Microsoft.CodeAnalysis.Accessibility.Protected or Microsoft.CodeAnalysis.Accessibility.ProtectedOrInternal
            => symbol.ContainingType is not { IsSealed: true },
        _ => false,
    };

    /// <summary>Members somebody wrote: no accessors, no nested types, nothing the compiler adds to a record or an enum.</summary>
    static bool IsWritten(ISymbol member) => member switch
    {
        INamedTypeSymbol => false,
        IMethodSymbol { MethodKind: MethodKind.PropertyGet or MethodKind.PropertySet
            or MethodKind.EventAdd or MethodKind.EventRemove } => false,
        IMethodSymbol { MethodKind: MethodKind.Constructor, ContainingType.IsValueType: true, Parameters: [] }
            constructor => !constructor.IsImplicitlyDeclared,
        IFieldSymbol { Name: "value__" } => false,
        _ => member.CanBeReferencedByName || member is IMethodSymbol or IPropertySymbol,
    }
    && !member.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "CompilerGeneratedAttribute");
}
