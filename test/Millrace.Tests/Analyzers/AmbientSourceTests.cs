using System.Globalization;
using Microsoft.CodeAnalysis;

namespace Millrace.Tests.Analyzers;

public sealed class AmbientSourceTests
{
    [Fact]
    public async Task Clock_ReadInLambda_IsWarningNamingEventTime()
    {
        Diagnostic warning = Assert.Single(await AnalyzerHarness.CheckStatements(
            "MR0003",
            "orders.Where(o => [|DateTime.UtcNow|] > o.At);"));
        Assert.Equal(DiagnosticSeverity.Warning, warning.Severity);
        Assert.Equal(
            "'DateTime.UtcNow' gives another value when records are replayed after a failure; "
                + "use the event time of the record ('record.Timestamp') or 'FunctionContext.Time'",
            warning.GetMessage(CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("DateTime.Now")]
    [InlineData("DateTime.Today")]
    [InlineData("DateTimeOffset.Now")]
    [InlineData("DateTimeOffset.UtcNow")]
    [InlineData("Guid.NewGuid()")]
    [InlineData("Guid.CreateVersion7()")]
    [InlineData("Random.Shared")]
    [InlineData("new Random()")]
    [InlineData("Environment.TickCount")]
    [InlineData("Environment.TickCount64")]
    [InlineData("Stopwatch.GetTimestamp()")]
    [InlineData("Stopwatch.StartNew()")]
    [InlineData("new Stopwatch()")]
    [InlineData("TimeProvider.System")]
    [InlineData("System.Security.Cryptography.RandomNumberGenerator.GetInt32(3)")]
    public Task Ambient_InLambda_IsWarning(string expression) =>
        AnalyzerHarness.CheckStatements("MR0003", $"orders.Select(static o => [|{expression}|]);");

    [Theory]
    [InlineData("orders.KeyBy(o => o.Region).Fold<Guid, long>(\"f\", [|Guid.NewGuid|], (ref g, in o, output) => { });")]
    [InlineData("Guid Id(Order o) => [|Guid.NewGuid()|]; orders.Select(Id); orders.Select(Id);")]
    [InlineData("var kept = from o in orders where o.At < [|DateTime.UtcNow|] select o;")]
    [InlineData("orders.Branch(b => b.Select(o => [|Guid.NewGuid()|]));")]
    [InlineData("orders.Select(o => args.Select(a => [|Guid.NewGuid()|]).First());")]
    public Task Ambient_InOtherFunctions_IsWarning(string statements) => AnalyzerHarness.CheckStatements("MR0003", statements);

    [Theory]
    [InlineData("DateTime now = DateTime.UtcNow; orders.Where(o => o.At < now);")]
    [InlineData("orders.Select(o => new Random(42).Next() + o.At.Ticks);")]
    [InlineData("args.Select(a => Guid.NewGuid()).ToList();")]
    [InlineData("orders.Select(o => new DateTime(2020, 1, 1));")]
    public Task Ambient_OutsideFunctions_IsFine(string statements) => AnalyzerHarness.CheckStatements("MR0003", statements);

    [Fact]
    public Task Ambient_AnywhereInProcess_IsWarning() => AnalyzerHarness.Check("MR0003", """
        public sealed class Keyed : IKeyedProcess<string, Order, long>
        {
            readonly Random _random = [|new()|];
            public void OnRecord(Order record) => Note();
            void Note() { long at = [|Environment.TickCount64|]; }
            sealed class Part { DateTime At() => [|DateTime.UtcNow|]; }
        }
        public sealed class Plain : IProcess<Order, long>
        {
            public void OnRecord(Order record) => new DataStream<Order>().Select(o => [|Guid.NewGuid()|]);
        }
        public sealed class Window : IWindowProcess<string, Order, long> { readonly Guid _id = [|Guid.NewGuid()|]; }
        public sealed class Bystander { DateTime At() => DateTime.UtcNow; }
        """);

    [Fact]
    public Task MethodGroup_OfMethodThatReadsClock_IsWarningWhereItIsPassed() => AnalyzerHarness.Check("MR0003", """
        public static class Job
        {
            static bool IsOld(Order o) => o.At < DateTime.UtcNow;
            static void Define(DataStream<Order> orders) => orders.Where([|IsOld|]);
        }
        """);
}
