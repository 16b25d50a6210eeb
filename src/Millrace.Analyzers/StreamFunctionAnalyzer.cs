using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Millrace.Analyzers;

/// <summary>Finds functions given to Millrace that would not give the same result in parallel or on replay.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class StreamFunctionAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics =>
        [Rules.CapturedVariableWritten, Rules.SharedStateWritten, Rules.AmbientTimeOrChance];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterCompilationStartAction(static start =>
        {
            if (!MillraceApi.IsUsedBy(start.Compilation)) return;
            start.RegisterOperationBlockAction(static block => new MemberInspection(block).Run());
        });
    }
}
