using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Operations;
using Microsoft.CodeAnalysis.Text;

namespace Millrace.Analyzers;

/// <summary>Applies the rules to one member of the user's program. Lives for one call.</summary>
internal sealed class MemberInspection(OperationBlockAnalysisContext context)
{
    /// <summary>What was said already: a function nested in another, or passed twice, is inspected twice.</summary>
    readonly HashSet<(string Id, TextSpan At, string Subject)> _reported = [];

    readonly bool _isProcess = MillraceApi.IsProcess(context.OwningSymbol.ContainingType);

    public void Run()
    {
        foreach (IOperation member in context.OperationBlocks)
        {
            CaptureScope scope = new(member.Root(), () => context.GetControlFlowGraph(member));
            foreach (IOperation operation in member.DescendantsAndSelf())
            {
                if (_isProcess) ReportAmbient(operation, operation);
                if (operation is not IArgumentOperation argument || MillraceApi.MethodReceiving(argument) is not { } api) continue;
                Inspect(argument, MillraceApi.NameOf(api), scope);
            }
        }
    }

    void Inspect(IArgumentOperation argument, string api, CaptureScope scope)
    {
        foreach (PassedFunction function in PassedFunction.In(argument))
        {
            foreach (IOperation body in function.Bodies)
            {
                foreach (Write write in Write.In(body)) ReportWriteInside(function, write, api);
                if (function.IsInSameMember && _isProcess) continue;
                foreach (IOperation operation in body.DescendantsAndSelf())
                {
                    ReportAmbient(operation, function.IsInSameMember ? operation : function.PassedAt);
                }
            }
            if (function.IsInSameMember) ReportWritesAfterCapture(function, api, scope);
        }
    }

    void ReportWriteInside(PassedFunction function, Write write, string api)
    {
        ISymbol? variable = Write.VariableOf(write.Owner);
        if (write.Owner is null || (variable is not null && (!function.IsInSameMember || function.Declares(variable)))) return;
        if (write.Variable is not null)
        {
            ReportOnce(Rules.CapturedVariableWritten, write.Owner, function, write.Variable.Name, api, "inside it");
            return;
        }
        IOperation at = function.IsInSameMember ? write.Target : function.PassedAt;
        ReportOnce(Rules.SharedStateWritten, at, function, NameOf(write.Target), api);
    }

    void ReportWritesAfterCapture(PassedFunction function, string api, CaptureScope scope)
    {
        // The body's own writes were reported; a reader of the same variable needs no second message.
        IEnumerable<ISymbol> written = function.Bodies.SelectMany(Write.In).Select(static write => write.Variable).OfType<ISymbol>();
        HashSet<ISymbol> seen = new(written, SymbolEqualityComparer.Default);
        foreach (IOperation reference in function.Bodies.SelectMany(static body => body.Descendants()))
        {
            if (Write.VariableOf(reference) is not { } variable || function.Declares(variable) || !seen.Add(variable)) continue;
            if (scope.WriteAfterCapture(function, variable) is not { } write) continue;
            int line = write.Target.Syntax.GetLocation().GetLineSpan().StartLinePosition.Line + 1;
            ReportOnce(Rules.CapturedVariableWritten, reference, function, variable.Name, api, $"after the capture (line {line})");
        }
    }

    void ReportAmbient(IOperation operation, IOperation at)
    {
        if (AmbientSource.Of(operation) is not { } source) return;
        if (!_reported.Add((Rules.AmbientTimeOrChance.Id, at.Syntax.Span, source.Name))) return;
        context.ReportDiagnostic(Diagnostic.Create(Rules.AmbientTimeOrChance, at.Syntax.GetLocation(), source.Name, source.Cure));
    }

    /// <summary>Once per function and subject: the first place is enough to see the mistake.</summary>
    void ReportOnce(DiagnosticDescriptor rule, IOperation at, PassedFunction function, string subject, params string[] rest)
    {
        bool isNew = _reported.Add((rule.Id, at.Syntax.Span, subject));
        if (at != function.PassedAt) isNew &= _reported.Add((rule.Id, function.PassedAt.Syntax.Span, subject));
        if (!isNew) return;
        object[] arguments = [subject, .. rest];
        context.ReportDiagnostic(Diagnostic.Create(rule, at.Syntax.GetLocation(), arguments));
    }

    static string NameOf(IOperation target) => target switch
    {
        IPropertyReferenceOperation { Property.IsIndexer: true } => target.Syntax.ToString(),
        IMemberReferenceOperation member => $"{member.Member.ContainingType.Name}.{member.Member.Name}",
        _ => target.Syntax.ToString(),
    };
}
