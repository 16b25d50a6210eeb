using Millrace.Testing;

namespace Millrace.Tests.Testing;

/// <summary>The examples of docs/testing.md, which are this code word for word.</summary>
public sealed class DocumentedExampleTests
{
    // example: function
    public sealed record OrderEvent(string Id, decimal Owed);

    public sealed record Overdue(string Id, decimal Owed);

    /// <summary>Reports orders that are not paid within a quarter of an hour.</summary>
    public sealed class OverdueOrders(StateScope state) : IKeyedProcess<string, OrderEvent, Overdue>
    {
        readonly ValueState<decimal> _owed = state.Value<decimal>("owed");
        readonly EventTimer _deadline = state.EventTimer("deadline");

        public void OnRecord(in Record<OrderEvent> record, Output<Overdue> output)
        {
            if (!_owed.HasValue) _deadline.Set(record.Timestamp + TimeSpan.FromMinutes(15));
            decimal owed = _owed.GetOr(0) + record.Value.Owed;
            _owed.Set(owed);
            if (owed > 0) return;
            _owed.Clear();
            _deadline.Cancel();
        }

        public void OnTimer(in Firing<string> firing, Output<Overdue> output)
        {
            if (_owed.TryTake(out decimal owed)) output.Emit(new(firing.Key, owed));
        }
    }

    [Fact]
    public void OverdueOrders_UnpaidForAQuarterOfAnHour_AreReported() => StreamScript
        .Keyed(static (OrderEvent e) => e.Id, static state => new OverdueOrders(state))
        .At("12:00").Send(new OrderEvent("A-1", 20m), new OrderEvent("A-2", 5m))
        .At("12:10").Send(new OrderEvent("A-2", -5m))
        .WatermarkTo("12:14").ExpectNothing()
        .WatermarkTo("12:15").ExpectAt(("12:15", new Overdue("A-1", 20m)))
        .End().ExpectNothing();
    // end

    // example: job
    [Fact]
    public void Revenue_OfARegion_IsAddedUpPerMinute()
    {
        ScriptedSource<(string Region, decimal Total, Timestamp At)> orders = new();
        CollectedOutput<string> revenue = new();
        using JobHarness harness = JobHarness.Start(
            flow => flow
                .Source("orders", orders, WatermarkStrategy.Monotonous<(string Region, decimal Total, Timestamp At)>(static o => o.At))
                .KeyBy(static o => o.Region)
                .Window(Tumbling.Of(TimeSpan.FromMinutes(1)))
                .Sum("revenue", static o => o.Total)
                .Select(static w => $"{w.Key} {w.Value}")
                .Sink("out", revenue),
            new HarnessOptions { Parallelism = 2 });

        orders.Send(("north", 20m, TestTime.At("12:00")), ("south", 7m, TestTime.At("12:00:30")), ("north", 1m, TestTime.At("12:00:59")));
        harness.RunUntilIdle();
        revenue.ExpectNothing();

        orders.Send(("north", 3m, TestTime.At("12:01:01")));
        harness.RunUntilIdle();
        revenue.ExpectInAnyOrder("north 21", "south 7");

        orders.End();
        harness.RunToEnd();
        revenue.Expect("north 3");
    }
    // end

    [Fact]
    public void Document_OfTheTestKit_HoldsThisCode()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Millrace.slnx"))) root = Path.GetDirectoryName(root)!;
        string document = File.ReadAllText(Path.Combine(root, "docs", "testing.md")).ReplaceLineEndings("\n");
        string[] lines = File.ReadAllLines(Path.Combine(root, "test", "Millrace.Tests", "Testing", "DocumentedExampleTests.cs"));
        int examples = 0;
        for (int at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith("    // example: ", StringComparison.Ordinal)) continue;
            int end = Array.IndexOf(lines, "    // end", at);
            string code = string.Join('\n', lines[(at + 1)..end].Select(static l => l.Length > 4 ? l[4..] : ""));
            Assert.Contains("```csharp\n" + code + "\n```", document, StringComparison.Ordinal);
            examples++;
        }

        Assert.Equal(2, examples);
    }
}
