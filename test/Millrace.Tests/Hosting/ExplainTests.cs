namespace Millrace.Tests.Hosting;

public sealed class ExplainTests
{
    public sealed record Sale(string Shop, decimal Amount, DateTime At);

    static readonly SideOutput<MalformedRow> s_malformed = new("malformed");

    static readonly Action<Dataflow, JobArguments> s_sales = static (flow, _) =>
    {
        DataStream<Sale> sales = flow.Source("sales", FileSource.Csv<Sale>("sales.csv").DivertMalformed(s_malformed),
            WatermarkStrategy.BoundedOutOfOrderness<Sale>(TimeSpan.FromMinutes(5), static s => s.At).WithIdleness(TimeSpan.FromSeconds(30)));
        sales.Side(s_malformed).Sink("bad-rows", DiscardSink.Of<MalformedRow>()).WithParallelism(1);
        sales.Where(static s => s.Amount > 0).KeyBy(static s => (s.Shop, s.At.Hour)).Window(Tumbling.Of(TimeSpan.FromHours(1)))
            .AllowLateness(TimeSpan.FromMinutes(10)).Sum("per-hour", static s => s.Amount)
            .Sink("out", DiscardSink.Of<WindowValue<(string, int), decimal>>()).Blocking();
    };

    const string Json =
        """
        {
          "job": "orders",
          "tasks": 7,
          "channels": 8,
          "channelBytesMax": 851968,
          "chains": [
            {
              "number": 1,
              "parallelism": 2,
              "hasOwnThread": false,
              "operators": [
                {
                  "id": "sales",
                  "verb": "Source",
                  "output": "Sale",
                  "detail": "CSV sales.csv",
                  "watermarks": {
                    "outOfOrderness": "00:05:00",
                    "idleAfter": "00:00:30"
                  },
                  "inputs": []
                },
                {
                  "id": "Where-3",
                  "verb": "Where",
                  "output": "Sale",
                  "inputs": [
                    {
                      "from": "sales",
                      "type": "Sale"
                    }
                  ]
                }
              ]
            },
            {
              "number": 2,
              "parallelism": 1,
              "hasOwnThread": false,
              "operators": [
                {
                  "id": "bad-rows",
                  "verb": "Sink",
                  "detail": "discard",
                  "inputs": [
                    {
                      "from": "sales",
                      "side": "malformed",
                      "type": "MalformedRow"
                    }
                  ]
                }
              ]
            },
            {
              "number": 3,
              "parallelism": 2,
              "hasOwnThread": false,
              "operators": [
                {
                  "id": "per-hour",
                  "verb": "Sum",
                  "output": "WindowValue<(string, int), decimal>",
                  "detail": "tumbling 1:00:00, lateness 0:10:00",
                  "inputs": [
                    {
                      "from": "Where-3",
                      "type": "Sale"
                    }
                  ]
                }
              ]
            },
            {
              "number": 4,
              "parallelism": 2,
              "hasOwnThread": true,
              "operators": [
                {
                  "id": "out",
                  "verb": "Sink",
                  "detail": "discard",
                  "inputs": [
                    {
                      "from": "per-hour",
                      "type": "WindowValue<(string, int), decimal>"
                    }
                  ]
                }
              ]
            }
          ],
          "edges": [
            {
              "from": "sales",
              "side": "malformed",
              "to": "bad-rows",
              "partitioning": "rebalance",
              "channels": 2,
              "batchRecords": 1024,
              "bytesMax": 131072
            },
            {
              "from": "Where-3",
              "to": "per-hour",
              "partitioning": "keyBy",
              "keyType": "(string, int)",
              "channels": 4,
              "batchRecords": 1024,
              "bytesMax": 262144
            },
            {
              "from": "per-hour",
              "to": "out",
              "partitioning": "forward",
              "channels": 2,
              "batchRecords": 1024,
              "bytesMax": 458752
            }
          ]
        }

        """;

    [Fact]
    public async Task Explain_AsText_ShowsChainsOperatorsAndChannels()
    {
        HostOutcome outcome = await HostHarness.RunAsync(s_sales, "--explain", "--parallelism", "2");

        Assert.Equal((ExitCodes.Finished, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal(
            """
            Job 'orders': 4 chains, 7 tasks, 8 channels, at most 832.0 KiB of records in channels

            Chain 1: 2 instances
              sales     Source  -> Sale                                      CSV sales.csv; watermarks 0:05:00 behind, idle after 0:00:30
              Where-3   Where   Sale -> Sale
                  from sales, chained

            Chain 2: 1 instance
              bad-rows  Sink    MalformedRow                                 discard
                  from side output 'malformed' of sales, dealt in turn: 2 channels with batches of 1,024 records, at most 128.0 KiB

            Chain 3: 2 instances
              per-hour  Sum     Sale -> WindowValue<(string, int), decimal>  tumbling 1:00:00, lateness 0:10:00
                  from Where-3, by key (string, int): 4 channels with batches of 1,024 records, at most 256.0 KiB

            Chain 4: 2 instances, each with a thread of its own
              out       Sink    WindowValue<(string, int), decimal>          discard
                  from per-hour, instance to instance: 2 channels with batches of 1,024 records, at most 448.0 KiB

            """, outcome.Output);
    }

    [Fact]
    public async Task Explain_AsJson_IsOneStableDocument()
    {
        HostOutcome outcome = await HostHarness.RunAsync(s_sales, "--explain=json", "--parallelism", "2");

        Assert.Equal((ExitCodes.Finished, ""), (outcome.ExitCode, outcome.Error));
        Assert.Equal(Json, outcome.Output);
    }
}
