using Microsoft.CodeAnalysis;

namespace Millrace.Analyzers;

/// <summary>The rules, as documented in docs/analyzers.md.</summary>
internal static class Rules
{
    const string Category = "Correctness";

    public static readonly DiagnosticDescriptor CapturedVariableWritten = new(
        "MR0001",
        "A function given to Millrace captures a variable that is written later",
        "'{0}' is captured by a function given to '{1}' and written {2}: all parallel instances share it and no checkpoint saves it. "
            + "Make it state (Fold, or Process with ValueState), or copy it to a new variable that is not written later.",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true,
        helpLinkUri: "docs/analyzers.md#mr0001");

    public static readonly DiagnosticDescriptor SharedStateWritten = new(
        "MR0002",
        "A function given to Millrace writes shared state",
        "A function given to '{1}' writes '{0}': all parallel instances share it and no checkpoint saves it. "
            + "Make it state (Fold, or Process with ValueState).",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: "docs/analyzers.md#mr0002");

    public static readonly DiagnosticDescriptor AmbientTimeOrChance = new(
        "MR0003",
        "A function given to Millrace reads the clock or chance",
        "'{0}' gives another value when records are replayed after a failure; {1}",
        Category,
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: "docs/analyzers.md#mr0003");
}
