using Millrace.Runtime;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Tasks;

namespace Millrace.Tests.Runtime;

/// <summary>Tasks that are woken while a deployment is being opened, as records of another worker wake them whose tasks run already.</summary>
public sealed class DeploymentTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Tasks_WokenBeforeEverythingIsOpen_RunOnlyThen()
    {
        Opening opening = new();
        SteppedScheduler line = new();
        (EmbeddedJob job, IReadOnlyList<StreamTask> tasks) = Start(opening, line, recordsMax: 100);
        Assert.True(job.IsOpening);

        foreach (StreamTask task in tasks) task.Notify();
        Assert.False(line.RunOne(), "a task ran before everything was open");

        opening.Gate.SetResult();
        await RunAsync(job, line);
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
        Assert.Equal((100, 0), (opening.Records, opening.TooEarly));
    }

    [Fact]
    public async Task Tasks_WithoutInputWokenBeforeEverythingIsOpen_DoNotEndTheJobBeforeItHasBegun()
    {
        Opening opening = new();
        SteppedScheduler line = new();
        (EmbeddedJob job, IReadOnlyList<StreamTask> tasks) = Start(opening, line, recordsMax: 0);

        // However often they are woken, and whoever runs the line meanwhile.
        for (int i = 0; i < 3; i++)
        {
            foreach (StreamTask task in tasks) task.Notify();
            while (line.RunOne()) Assert.Fail("a task ran before everything was open");
        }

        Assert.All(tasks, static t => Assert.False(t.IsEnded));
        Assert.True(job.IsOpening);
        opening.Gate.SetResult();
        await RunAsync(job, line);
        Assert.Equal(JobEnding.Finished, (await job.Completion).Ending);
    }

    [Fact]
    public async Task Tasks_WokenBeforeAnOpeningThatIsCancelled_EndWithoutReading()
    {
        Opening opening = new();
        SteppedScheduler line = new();
        (EmbeddedJob job, IReadOnlyList<StreamTask> tasks) = Start(opening, line, recordsMax: 100);
        foreach (StreamTask task in tasks) task.Notify();

        job.Cancel();
        opening.Gate.SetResult();
        await RunAsync(job, line);
        Assert.Equal(JobEnding.Cancelled, (await job.Completion).Ending);
        Assert.Equal((0, 0), (opening.Records, opening.TooEarly));
    }

    static (EmbeddedJob Job, IReadOnlyList<StreamTask> Tasks) Start(Opening opening, SteppedScheduler line, int recordsMax)
    {
        Dataflow flow = new("opening");
        flow.Source("numbers", CollectionSource.Of<int>([.. Enumerable.Range(0, recordsMax)]))
            .KeyBy(static n => n % 7).Count("count")
            .Process("open", () => new Late(opening))
            .Sink("out", DiscardSink.Of<long>());
        JobGraph graph = flow.Build();
        IReadOnlyList<StreamTask> tasks = [];
        EmbeddedJob job = new(graph, Planner.Plan(graph, 2), new EmbeddedOptions { Parallelism = 2, Threads = 1 }, made =>
        {
            tasks = made;
            return line;
        });
        job.Start();
        return (job, tasks);
    }

    static async Task RunAsync(EmbeddedJob job, SteppedScheduler line)
    {
        using CancellationTokenSource limit = new(Patience);
        while (!job.Completion.IsCompleted)
        {
            limit.Token.ThrowIfCancellationRequested();
            if (!line.RunOne()) await Task.Yield();
        }
    }

    /// <summary>What is opened last, and what has happened before.</summary>
    sealed class Opening
    {
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Records { get; set; }

        public int TooEarly { get; set; }
    }

    sealed class Late(Opening opening) : IProcess<KeyValue<int, long>, long>, IOpen
    {
        bool _isOpen;

        public async ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
        {
            await opening.Gate.Task;
            _isOpen = true;
        }

        public void OnRecord(in Record<KeyValue<int, long>> record, Output<long> output)
        {
            opening.Records++;
            if (!_isOpen) opening.TooEarly++;
            output.Emit(record.Value.Value);
        }
    }
}
