using Microsoft.CodeAnalysis;

namespace Millrace.Tests.Analyzers;

public sealed class CapturedVariableTests
{
    [Fact]
    public async Task Capture_IncrementedInLambda_IsErrorNamingVariableAndCure()
    {
        Diagnostic error = Assert.Single(await AnalyzerHarness.CheckStatements(
            "MR0001",
            "long count = 0; orders.Where(o => [|count|]++ > 3);"));
        Assert.Equal(DiagnosticSeverity.Error, error.Severity);
        Assert.Equal("docs/analyzers.md#mr0001", error.Descriptor.HelpLinkUri);
        Assert.Equal(
            "'count' is captured by a function given to 'Where' and written inside it: "
                + "all parallel instances share it and no checkpoint saves it. "
                + "Make it state (Fold, or Process with ValueState), or copy it to a new variable that is not written later.",
            error.GetMessage(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Capture_WrittenAfter_IsErrorNamingTheLine()
    {
        Diagnostic error = Assert.Single(await AnalyzerHarness.CheckStatements(
            "MR0001",
            "orders.Where(o => o.Total > [|limit|]);\nlimit = 3;"));
        int line = error.Location.GetLineSpan().StartLinePosition.Line + 2;
        Assert.Contains($"'limit' is captured by a function given to 'Where' and written after the capture (line {line})",
            error.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("orders.Where(o => o.Total > [|limit|]); limit++;")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); limit += 2;")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); Try(out limit);")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); Interlocked.Increment(ref limit);")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); (limit, _) = (1, 2);")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); (long a, (limit, _)) = (1, (2, 3));")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); ref long alias = ref limit; alias = 2;")]
    [InlineData("orders.Where(o => o.Total > [|limit|]); limit = args.Length > 0 ? 1 : 2;")]
    [InlineData("string? name = null; orders.Where(o => o.Region == [|name|]); name ??= args[0];")]
    [InlineData("Range r = new(); orders.Where(o => o.Total > [|r|].Min); r.Min = 3;")]
    [InlineData("Range r = new(); orders.Where(o => o.Total > [|r|].Min); r.Max = 3;")]
    [InlineData("if (limit > 3) { orders.Where(o => o.Total > [|limit|]); } limit = 3;")]
    [InlineData("try { orders.Where(o => o.Total > [|limit|]); } finally { limit = 3; }")]
    [InlineData("try { orders.Where(o => o.Total > [|limit|]); } catch (Exception) { limit = 3; }")]
    [InlineData("var kept = orders.Where(o => o.Total > [|limit|] && o.Total < limit); limit = 3;")]
    [InlineData("Func<Order, bool> keep = o => o.Total > [|limit|]; orders.Where(keep); limit = 3;")]
    [InlineData("orders.All(o => o.Total > 1, o => o.Total > [|limit|]); limit = 3;")]
    [InlineData("orders.Where(args.Length > 0 ? o => o.Total > [|limit|] : o => true); limit = 3;")]
    [InlineData("var kept = from o in orders where o.Total > [|limit|] select o; limit = 3;")]
    [InlineData("Action later = () => limit = 3; orders.Where(o => o.Total > [|limit|]); later();")]
    [InlineData("void Later() => limit = 3; orders.Where(o => o.Total > [|limit|]); Later();")]
    [InlineData("try { orders.Where(o => o.Total > [|limit|]); } catch (Exception) when (Try(out limit)) { throw; }")]
    [InlineData("lock (args) { orders.Where(o => o.Total > [|limit|]); } switch (args.Length) { case 1: limit = 3; break; }")]
    [InlineData("void Define<T>(DataStream<T> s) { long n = 0; void Set() => n = 3; s.Where(v => [|n|] > 3); Set(); } Define(orders);")]
    [InlineData("void Define(long n) => orders.Where(o => o.Total > [|limit|]); Define(1); limit = 3;")]
    [InlineData("string? s = args.FirstOrDefault(); s?.Select(c => orders.Where(o => o.Region == [|s|])).ToList(); s = null;")]
    [InlineData("again: orders.Where(o => o.Total > [|limit|]); if (limit > 9) return; limit = 10; goto again;")]
    public Task Capture_WrittenAfter_IsError(string statements) => AnalyzerHarness.CheckStatements("MR0001", statements);

    [Theory]
    [InlineData("orders.Select(o => { [|limit|] = o.Total; return o; });")]
    [InlineData("orders.Select(o => [|limit|] += o.Total);")]
    [InlineData("orders.Select(o => --[|limit|]);")]
    [InlineData("orders.Select(o => Interlocked.Add(ref [|limit|], o.Total));")]
    [InlineData("orders.Select(o => Try(out [|limit|]));")]
    [InlineData("long last = 0; orders.Select(o => { ([|last|], long b) = (o.Total, 1); return b; });")]
    [InlineData("string? name = null; orders.Select(o => [|name|] ??= o.Region);")]
    [InlineData("Range r = new(); orders.Select(o => [|r|].Min = o.Total);")]
    [InlineData("orders.Select(o => { ref long alias = ref [|limit|]; return alias++; });")]
    [InlineData("orders.Select(o => args.Select(a => [|limit|]++).Sum());")]
    [InlineData("orders.Select(o => { void Count() => [|limit|]++; Count(); return o; });")]
    [InlineData("void Count() => [|limit|]++; orders.Select(o => { Count(); return o; });")]
    [InlineData("bool Keep(Order o) => [|limit|]++ > o.Total; orders.Where(Keep);")]
    [InlineData("bool Keep(Order o) => [|limit|]++ > o.Total; orders.Where(Keep); orders.Where(Keep);")]
    [InlineData("orders.Async(\"a\", async o => { await Task.Yield(); return [|limit|]++; });")]
    [InlineData("var kept = from o in orders where [|limit|]++ < 10 select o;")]
    [InlineData("var kept = from o in orders let n = [|limit|]++ select n;")]
    [InlineData("orders.KeyBy(o => o.Region).Fold<long, long>(\"sum\", () => 0L, (ref n, in o, output) => { n++; [|limit|] = n; });")]
    [InlineData("orders.Sink(\"out\", new CallbackSink<Order>(o => [|limit|]++));")]
    [InlineData("orders.Branch(b => b.Where(o => [|limit|]++ > 3));")]
    [InlineData("orders.Branch(b => { long n = 0; b.Where(o => [|n|]++ > 3); });")]
    public Task Capture_WrittenInside_IsError(string statements) => AnalyzerHarness.CheckStatements("MR0001", statements);

    [Theory]
    [InlineData("for (int i = 0; i < 3; i++) orders.Where(o => o.Total > [|i|]);")]
    [InlineData("while (limit < 3) { orders.Where(o => o.Total > [|limit|]); limit = limit * 2; }")]
    [InlineData("long x; do { x = limit; orders.Where(o => o.Total > [|x|]); } while (limit++ < 5);")]
    [InlineData("long n; foreach (string a in args) { n = a.Length; orders.Where(o => o.Total > [|n|]); }")]
    [InlineData("foreach (string a in args) { int n = a.Length; orders.Where(o => o.Total > [|n|]); n = 3; }")]
    [InlineData("orders.Branch(b => { for (int i = 0; i < 3; i++) b.Where(o => o.Total > [|i|]); });")]
    public Task Loop_VariableOutlivesTheTurn_IsError(string statements) => AnalyzerHarness.CheckStatements("MR0001", statements);

    [Theory]
    [InlineData("foreach (string a in args) orders.Where(o => o.Region == a);")]
    [InlineData("foreach (var (a, b) in new[] { (1, 2) }) orders.Where(o => o.Total == a + b);")]
    [InlineData("for (int i = 0; i < 3; i++) { int n = i; orders.Where(o => o.Total > n); }")]
    [InlineData("foreach (string a in args) { int n = 1; n = a.Length; n++; orders.Where(o => o.Total > n); }")]
    [InlineData("while (Try(out long v)) orders.Where(o => o.Total > v);")]
    [InlineData("for (int i = 0; i < 3; i++) { int n; n = i; try { if (n > 1) continue; orders.Where(o => o.Total > n); } finally { } }")]
    public Task Loop_VariableIsNewInEveryTurn_IsFine(string statements) => AnalyzerHarness.CheckStatements("MR0001", statements);

    [Theory]
    [InlineData("orders.Where(o => o.Region == args[0]);")]
    [InlineData("limit = 3; limit++; orders.Where(o => o.Total > limit);")]
    [InlineData("if (args.Length > 0) limit = 1; orders.Where(o => o.Total > limit);")]
    [InlineData("if (args.Length > 0) orders.Where(o => o.Total > limit); else limit = 1;")]
    [InlineData("if (args.Length > 0) { orders.Where(o => o.Total > limit); return; } limit = 1;")]
    [InlineData("return; orders.Branch(b => { long n = 0; n++; b.Where(o => o.Total > n); });")]
    [InlineData("if (false) { orders.Branch(b => { long n = 0; n++; b.Where(o => o.Total > n); }); }")]
    [InlineData("void Unused() { long n = 0; n++; orders.Where(o => o.Total > n); }")]
    [InlineData("void Read() => limit = 3; Read(); orders.Where(o => o.Total > limit);")]
    [InlineData("Try(out long n); orders.Where(o => o.Total > n);")]
    [InlineData("long fixedLimit = limit; orders.Where(o => o.Total > fixedLimit); limit = 3;")]
    [InlineData("orders.Where(static o => o.Total > 0);")]
    [InlineData("orders.Select(o => { long n = 0; foreach (char c in o.Region) n += c; return args.Select(a => n++).Sum(); });")]
    [InlineData("orders.KeyBy(o => o.Region).Fold<long, long>(\"sum\", () => 0L, (ref n, in o, output) => output.Emit(++n));")]
    [InlineData("var kept = from o in orders where o.Total > limit select o;")]
    [InlineData("var kept = from o in orders from c in o.Region let n = c + limit where n > 3 select (o, n);")]
    [InlineData("bool Keep(Order o) { long n = 0; n++; return o.Total > limit + n; } orders.Where(Keep);")]
    [InlineData("orders.Async(\"a\", async o => { long n = o.Total; await Task.Yield(); n++; return n; });")]
    [InlineData("orders.Branch(b => { limit = 3; b.Where(o => o.Total > 3); }); limit = 4;")]
    [InlineData("DataStream<Order> late = orders; late = late.Where(o => o.Total > 3); late = late.Where(o => o.Total > 4);")]
    [InlineData("int seen = 0; args.Select(a => seen++).ToList(); seen = 4;")]
    [InlineData("List<Order> seen = []; orders.Where(o => { seen.Add(o); return true; });")]
    [InlineData("Range r = new() { Min = 3 }; orders.Where(o => r.Has(o.Total));")]
    [InlineData("orders.Select(o => new Tally { Count = 1, Last = o.Total });")]
    [InlineData("orders.Select(o => { Try(out long n); (long a, long b) = (n, 1); (a, b) = (b, a); return a; });")]
    [InlineData("orders.Select(o => o with { Total = 3 });")]
    public Task Capture_NotWrittenAfter_IsFine(string statements) => AnalyzerHarness.CheckStatements("MR0001", statements);

    [Fact]
    public Task Capture_InTopLevelStatements_IsError() => AnalyzerHarness.Check("MR0001", """
        /* top level */
        long limit = 3, seen = 0;
        DataStream<Order> orders = new();
        orders.Where(o => o.Total > [|limit|] && o.Region == args[0]).Where(o => [|seen|]++ > 3);
        limit = 4;
        """);

    [Fact]
    public Task Capture_InInitializerAndAccessor_IsError() => AnalyzerHarness.Check("MR0001", """
        public sealed class Job
        {
            static readonly DataStream<long> s_kept = long.TryParse("3", out long n)
                ? new DataStream<long>().Where(v => [|n|]++ > v)
                : new DataStream<long>();
            DataStream<long> Numbers { get { long m = 0; return new DataStream<long>().Where(v => v > [|m|]++); } }
        }
        """);

    [Fact]
    public Task Capture_OfPrimaryConstructorParameter_IsErrorWhenWrittenInside() => AnalyzerHarness.Check("MR0001", """
        public sealed class Job(long count, long limit)
        {
            DataStream<Order> Define(DataStream<Order> orders) => orders.Where(o => [|count|]++ > 3 && o.Total > limit);
        }
        """);

    [Fact]
    public Task SameNames_OutsideMillrace_AreNotOurs() => AnalyzerHarness.Check("MR0001", """
        namespace Other
        {
            public sealed class DataStream<T> { public DataStream<T> Where(Func<T, bool> keep) => this; }
            public static class Use { static void Run(DataStream<Order> orders) { int n = 0; orders.Where(o => n++ > 3); } }
        }
        """);
}
