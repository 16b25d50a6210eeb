using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Millrace.RepoTests.Sources;

namespace Millrace.RepoTests.Style;

/// <summary>A skipped test says why: in the attribute, or in the call that skips it.</summary>
internal static class SkipRules
{
    const int ReasonCharactersMin = 10;

    public static IEnumerable<Violation> Check(IEnumerable<SourceFile> files) =>
        files.SelectMany(file => Attributes(file).Concat(Calls(file)));

    static IEnumerable<Violation> Attributes(SourceFile file) =>
        from attribute in file.Root.DescendantNodes().OfType<AttributeSyntax>()
        let arguments = attribute.ArgumentList?.Arguments ?? []
        let skip = arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.Text == "Skip")
        where skip is not null && !IsReason(skip.Expression)
        select file.At(attribute, "skips a test without a reason");

    // Assert.Skip(reason), Assert.SkipWhen(condition, reason), Assert.SkipUnless(condition, reason).
    static IEnumerable<Violation> Calls(SourceFile file) =>
        from call in file.Root.DescendantNodes().OfType<InvocationExpressionSyntax>()
        where call.Expression is MemberAccessExpressionSyntax { Expression: IdentifierNameSyntax { Identifier.Text: "Assert" } } access
            && access.Name.Identifier.Text.StartsWith("Skip", StringComparison.Ordinal)
        where call.ArgumentList.Arguments is [] || !IsReason(call.ArgumentList.Arguments[^1].Expression)
        select file.At(call, "skips a test without a reason");

    /// <summary>A name stands for a constant that is a reason; what is written out must be one.</summary>
    static bool IsReason(ExpressionSyntax expression) => expression is not LiteralExpressionSyntax literal
        || (literal.IsKind(SyntaxKind.StringLiteralExpression) && literal.Token.ValueText.Trim().Length >= ReasonCharactersMin);
}
