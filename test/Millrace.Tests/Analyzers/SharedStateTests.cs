using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Millrace.Tests.Analyzers;

public sealed class SharedStateTests
{
    [Fact]
    public async Task Field_WrittenInLambda_IsWarningNamingMemberAndCure()
    {
        Diagnostic warning = Assert.Single(await AnalyzerHarness.CheckStatements("MR0002", "orders.Where(o => [|field|]++ > 3);"));
        Assert.Equal(DiagnosticSeverity.Warning, warning.Severity);
        Assert.Equal(
            "A function given to 'Where' writes 'Job.field': all parallel instances share it and no checkpoint saves it. "
                + "Make it state (Fold, or Process with ValueState).",
            warning.GetMessage(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("orders.Select(o => [|this.field|] = 3);")]
    [InlineData("orders.Select(o => [|Property|] += 3);")]
    [InlineData("orders.Select(static o => [|Shared|]++);")]
    [InlineData("orders.Select(static o => [|Job.Shared|]++ + Job.Shared++);")]
    [InlineData("orders.Select(o => [|range.Min|] = 3);")]
    [InlineData("orders.Select(o => [|tally.Count|]++);")]
    [InlineData("orders.Select(o => Interlocked.Increment(ref [|field|]));")]
    [InlineData("Tally t = new(); orders.Select(o => [|t.Last|] = o.Total);")]
    [InlineData("long[] n = new long[3]; orders.Select(o => [|n[0]|]++);")]
    [InlineData("Dictionary<string, long> n = new(); orders.Select(o => [|n[o.Region]|] = 3);")]
    [InlineData("orders.Select(o => { (long a, [|field|]) = (1, 2); return a; });")]
    [InlineData("bool Keep(Order o) => [|field|]++ > o.Total; orders.Where(Keep);")]
    [InlineData("orders.Select(o => args.Select(a => [|field|]++).Sum());")]
    [InlineData("var kept = from o in orders where [|field|]++ > 3 select o;")]
    [InlineData("orders.Async(\"a\", async o => { await Task.Yield(); return [|field|]++; });")]
    public Task SharedState_WrittenInFunction_IsWarning(string statements) => AnalyzerHarness.CheckStatements("MR0002", statements);

    [Theory]
    [InlineData("orders.Where(o => o.Total > field + Shared + Property); field = 3; Shared = 4;")]
    [InlineData("orders.Select(o => new Tally { Count = 3 }.Count);")]
    [InlineData("orders.Select(o => { Tally t = new(); t.Count++; long[] n = [1]; n[0]++; return t; });")]
    [InlineData("orders.Branch(b => { field = 3; b.Where(o => o.Total > field); });")]
    [InlineData("args.Select(a => field++).ToList();")]
    public Task SharedState_NotWrittenInFunction_IsFine(string statements) => AnalyzerHarness.CheckStatements("MR0002", statements);

    [Fact]
    public Task MethodGroup_OfMethodThatWritesField_IsWarningWhereItIsPassed() => AnalyzerHarness.Check("MR0002", """
        public static class Job
        {
            static long s_seen;
            static bool Keep(Order o) => s_seen++ > o.Total;
            static bool Fine(Order o) { long n = 0; n++; return n > o.Total; }
            static void Define(DataStream<Order> orders) => orders.Where([|Keep|]).Where(Fine);
        }
        """);
}
