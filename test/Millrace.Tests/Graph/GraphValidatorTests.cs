namespace Millrace.Tests.Graph;

public sealed class GraphValidatorTests
{
    static readonly WatermarkStrategy<int> Ticks = WatermarkStrategy.Monotonous<int>(static n => new(n));

    [Fact]
    public void Problems_OfAGoodGraph_AreNone() => Assert.Empty(Problems(static flow => Source(flow).Sink("out", Discard)));

    [Fact]
    public void Source_Missing_IsAProblem() => Assert.Contains("no source", Assert.Single(Problems(static _ => { })), StringComparison.Ordinal);

    [Fact]
    public void Sink_Missing_IsAProblem() => Assert.Contains("no sink", Assert.Single(Problems(static flow => Source(flow))), StringComparison.Ordinal);

    [Fact]
    public void Id_UsedTwice_NamesBothVerbs()
    {
        string problem = Assert.Single(Problems(static flow => Source(flow, "same").Sink("same", Discard)));
        Assert.StartsWith("operator 'same': the id is used 2 times (by Source, Sink)", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Id_ThatLooksMadeUp_ClashesWithTheMadeUpOne() =>
        Assert.Contains("used 2 times", Assert.Single(Problems(static flow => Source(flow, "Where-2").Where(static _ => true).Sink("out", Discard))), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Id_Empty_IsAProblem(string id) =>
        Assert.Contains(Problems(flow => Source(flow).KeyBy(static n => n).Count(id).Sink("out", DiscardSink.Of<KeyValue<int, long>>())), static p => p.Contains("Count needs an id", StringComparison.Ordinal));

    [Fact]
    public void Id_Null_IsRefusedAtOnce() => Assert.Throws<ArgumentNullException>(static () => Problems(static flow => Source(flow).Sink(null!, Discard)));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(40_000)]
    public void Parallelism_OutOfRange_IsAProblem(int parallelism) =>
        Assert.Contains($"the parallelism is {parallelism}; give 1 to", Assert.Single(Problems(flow => Source(flow).Sink("out", Discard).WithParallelism(parallelism))), StringComparison.Ordinal);

    [Theory]
    [InlineData(0, 0, "the window size is 00:00:00; give more than zero")]
    [InlineData(-5, -5, "the window size is -00:00:05; give more than zero")]
    [InlineData(5, 0, "the window slide is 00:00:00; give more than zero")]
    [InlineData(5, -1, "the window slide is -00:00:01; give more than zero")]
    public void Window_SizeOrSlideNotPositive_IsAProblem(int size, int slide, string expected) =>
        Assert.Contains(expected, Assert.Single(Problems(flow => Window(flow, Sliding.Of(TimeSpan.FromSeconds(size), TimeSpan.FromSeconds(slide))))), StringComparison.Ordinal);

    [Fact]
    public void Window_OffsetNotSmallerThanTheSlide_IsAProblem() =>
        Assert.Contains("not smaller than the slide", Assert.Single(Problems(static flow => Window(flow, Tumbling.Of(TimeSpan.FromSeconds(1)).WithOffset(TimeSpan.FromSeconds(1))))), StringComparison.Ordinal);

    [Fact]
    public void Window_WithoutAFunction_NamesTheReaderOfItsLateRecords()
    {
        IReadOnlyList<string> problems = Problems(static flow =>
        {
            Source(flow).WithEventTime(Ticks).KeyBy(static n => n).Window(Tumbling.Of(TimeSpan.FromSeconds(1))).SplitLate(out DataStream<int> late);
            late.Sink("late", Discard);
        });
        Assert.Contains("operator 'late': it reads the late records of a window that has no function", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void EventTime_Missing_NamesTheSourceAndTheCure()
    {
        string problem = Assert.Single(Problems(static flow => Source(flow, "untimed").Select(static n => n).KeyBy(static n => n).Window(Tumbling.Of(TimeSpan.FromSeconds(1))).Count("count")
            .Sink("out", DiscardSink.Of<WindowValue<int, long>>())));
        Assert.Contains("operator 'count'", problem, StringComparison.Ordinal);
        Assert.Contains("'untimed'", problem, StringComparison.Ordinal);
        Assert.Contains(".WithEventTime(…)", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void EventTime_MissingOnOneSideOfAUnion_IsAProblem() =>
        Assert.Contains("'b'", Assert.Single(Problems(static flow => flow.Source("a", Numbers, Ticks).Union(Source(flow, "b")).KeyBy(static n => n)
            .Window(Tumbling.Of(TimeSpan.FromSeconds(1))).Count("count").Sink("out", DiscardSink.Of<WindowValue<int, long>>()))), StringComparison.Ordinal);

    [Fact]
    public void EventTime_OfProcessingTimeWindows_IsNotNeeded() =>
        Assert.Empty(Problems(static flow => Source(flow).KeyBy(static n => n).Window(Tumbling.Of(TimeSpan.FromSeconds(1)).InProcessingTime()).Count("count")
            .Sink("out", DiscardSink.Of<WindowValue<int, long>>())));

    [Fact]
    public void Strategy_WithNegativeBoundAndZeroIdleness_HasTwoProblems() =>
        Assert.Equal(2, Problems(static flow => flow.Source("n", Numbers, WatermarkStrategy.BoundedOutOfOrderness<int>(TimeSpan.FromSeconds(-1), static n => new(n)).WithIdleness(TimeSpan.Zero))
            .Sink("out", Discard)).Count);

    [Fact]
    public void SideOutputs_OfOneName_AreAProblem()
    {
        SideOutput<int> first = new("same"), second = new("same");
        Assert.Contains("2 different side outputs are named 'same'", Assert.Single(Problems(flow =>
        {
            DataStream<int> p = Source(flow).Process("p", static () => new Same());
            p.Sink("out", Discard);
            p.Side(first).Sink("a", Discard);
            p.Side(second).Sink("b", Discard);
        })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Where")]
    [InlineData("Select")]
    [InlineData("SelectMany")]
    [InlineData("WithEventTime")]
    public void SideOutput_OfAVerbThatHasNone_IsAProblem(string verb)
    {
        SideOutput<int> side = new("rejected");
        string problem = Assert.Single(Problems(flow =>
        {
            DataStream<int> stream = Source(flow).Process("p", static () => new Same());
            stream = verb switch
            {
                "Where" => stream.Where(static _ => true),
                "Select" => stream.Select(static n => n),
                "SelectMany" => stream.SelectMany(static n => Enumerable.Repeat(n, 1)),
                _ => stream.WithEventTime(Ticks),
            };
            stream.Sink("out", Discard);
            stream.Side(side).Sink("rejected", Discard);
        }));
        Assert.Contains($"{verb} never emits to side output 'rejected'", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Verbs_OnAUnion_AreRefusedWithTheCure()
    {
        Dataflow flow = new("job");
        DataStream<int> union = Source(flow, "a").Union(Source(flow, "b"));
        Assert.Contains("before .Union(…)", Assert.Throws<InvalidOperationException>(() => union.WithParallelism(2)).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => union.Side(new SideOutput<int>("s")));
        Assert.Throws<InvalidOperationException>(() => union.DisableChaining());
    }

    [Fact]
    public void Problems_OfABadGraph_AreToldAllAtOnceByOperator()
    {
        JobGraph graph = Graph(static flow =>
        {
            Source(flow, "same").Sink("same", Discard).WithParallelism(0);
            Window(flow, Tumbling.Of(TimeSpan.Zero), "untimed", null);
        });
        Assert.Equal(4, graph.Problems.Count);

        string message = new InvalidJobException(graph.Name, graph.Problems).Message;
        Assert.StartsWith("Job 'job' cannot run, for 4 reasons:", message, StringComparison.Ordinal);
        Assert.Equal(4, message.Split(Environment.NewLine + "  - ").Length - 1);
        Assert.Contains("operator 'same': the parallelism is 0", message, StringComparison.Ordinal);
        Assert.Contains("operator 'count': the window size is 00:00:00", message, StringComparison.Ordinal);
        Assert.Contains("operator 'count': Count needs event time", message, StringComparison.Ordinal);
    }

    [Fact]
    public void InvalidJob_OneProblem_IsOneReason() =>
        Assert.StartsWith("Job 'j' cannot run, for 1 reason:", new InvalidJobException("j", [new(null, "it is bad")]).Message, StringComparison.Ordinal);

    sealed class Same : IProcess<int, int>
    {
        public void OnRecord(in Record<int> record, Output<int> output) => output.Emit(record.Value);
    }

    static CollectionSource<int> Numbers => CollectionSource.Of([1, 2, 3]);

    static DiscardSink<int> Discard => DiscardSink.Of<int>();

    static DataStream<int> Source(Dataflow flow, string id = "numbers") => flow.Source(id, Numbers);

    static void Window(Dataflow flow, WindowAssigner windows) => Window(flow, windows, "timed", Ticks);

    static void Window(Dataflow flow, WindowAssigner windows, string source, WatermarkStrategy<int>? strategy) =>
        flow.Source(source, Numbers, strategy).KeyBy(static n => n).Window(windows).Count("count").Sink("out", DiscardSink.Of<WindowValue<int, long>>());

    static JobGraph Graph(Action<Dataflow> define)
    {
        Dataflow flow = new("job");
        define(flow);
        return flow.Build();
    }

    static List<string> Problems(Action<Dataflow> define) => [.. Graph(define).Problems.Select(static p => p.ToString())];
}
