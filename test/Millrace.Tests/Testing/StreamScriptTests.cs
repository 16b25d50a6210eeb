using Millrace.Testing;

namespace Millrace.Tests.Testing;

public sealed class StreamScriptTests
{
    static readonly SideOutput<string> Small = new("small");

    sealed class Split : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output)
        {
            if (record.Value < 10) output.EmitTo(Small, $"{record.Value}");
            else output.Emit(record.Value);
        }
    }

    [Fact]
    public void Process_Stateless_EmitsWithTheTimestampOfItsRecord() => StreamScript.Process(static () => new Split())
        .Collecting(Small)
        .At("12:00").Send(10, 3)
        .ExpectAt(("12:00", 10))
        .ExpectSide(Small, "3")
        .At("12:01").Send(1).ExpectNothing()
        .ExpectSide(Small, "1");

    [Fact]
    public void Windows_InAScript_FireAtTheWatermark() => StreamScript
        .Of<string, WindowValue<string, long>>(static words => words.KeyBy(static w => w).Window(Tumbling.Of(TimeSpan.FromMinutes(15))).Count("count"))
        .At("12:00").Send("a", "b", "a")
        .At("12:15").Send("a")
        .WatermarkTo("12:14").ExpectNothing()
        .WatermarkTo("12:15").ExpectInAnyOrder(new("a", Quarter(0), 2), new("b", Quarter(0), 1))
        .End().ExpectAt(("12:29:59.9999999", new("a", Quarter(1), 1)));

    static TimeWindow Quarter(int number) => new(TestTime.At("12:00") + TimeSpan.FromMinutes(15 * number), TestTime.At("12:15") + TimeSpan.FromMinutes(15 * number));

    [Fact]
    public void Expectation_ThatDoesNotHold_ShowsBothSidesAndAllOutputWithTimestamps()
    {
        var script = StreamScript.Process(static () => new Split()).At("12:00").Send(20).Expect(20).At("12:05").Send(30, 40);
        ExpectationException e = Assert.Throws<ExpectationException>(() => script.Expect(30, 41));
        Assert.Equal(
            """
            The output after 2 records at 12:05 is not as expected: record 2 differs.
              expected:
                  1. 30
               -> 2. 41
              actual:
                  1. 30
               -> 2. 40
              all output since the start:
                  1. 20 at 12:00
                  2. 30 at 12:05
                  3. 40 at 12:05
            """.ReplaceLineEndings(), e.Message.ReplaceLineEndings());
    }

    [Fact]
    public void Expectation_OfOtherTimestamps_Fails() =>
        Assert.Contains("-> 1. 20 at 12:01", Assert.Throws<ExpectationException>(
            static () => StreamScript.Process(static () => new Split()).At("12:00").Send(20).ExpectAt(("12:01", 20))).Message, StringComparison.Ordinal);

    [Fact]
    public void Expectation_OfNothing_SaysHowManyAreTooMany() =>
        Assert.Contains("1 too many after 0", Assert.Throws<ExpectationException>(
            static () => StreamScript.Process(static () => new Split()).Send(20).ExpectNothing()).Message, StringComparison.Ordinal);

    [Fact]
    public void Failure_OfTheFunction_IsThrownWhereItWasSent()
    {
        var script = StreamScript.Of<int, int>(static numbers => numbers.Select(static n => 10 / n));
        script.Send(5).Expect(2);
        Assert.Contains("failed on record 0", Assert.ThrowsAny<Exception>(() => script.Send(0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Send_AfterTheEnd_IsRefused() =>
        Assert.Throws<InvalidOperationException>(static () => StreamScript.Process(static () => new Split()).End().Send(1));

    [Fact]
    public void Send_ThousandsOfRecords_HandlesThemAll() =>
        StreamScript.Process(static () => new Split()).Send([.. Enumerable.Range(100, 10_000)]).Expect([.. Enumerable.Range(100, 10_000)]);
}
