using System.Diagnostics;
using Millrace.Runtime.Jobs;

namespace Millrace.Tests.Runtime.Jobs;

public sealed class JobMachineTests
{
    static readonly Exception First = new InvalidOperationException("first"), Second = new InvalidOperationException("second");

    static readonly Dictionary<string, JobState> States = new()
    {
        ["starting"] = new JobState.Starting(),
        ["running"] = new JobState.Running(),
        ["failing"] = new JobState.Stopping(new JobOutcome.Failed(First)),
        ["cancelling"] = new JobState.Stopping(new JobOutcome.Cancelled()),
        ["finished"] = new JobState.Ended(new JobOutcome.Finished()),
        ["failed"] = new JobState.Ended(new JobOutcome.Failed(First)),
        ["cancelled"] = new JobState.Ended(new JobOutcome.Cancelled()),
        ["failing2"] = new JobState.Stopping(new JobOutcome.Failed(Second)),
        ["failed2"] = new JobState.Ended(new JobOutcome.Failed(Second)),
    };

    static readonly Dictionary<string, JobEvent> Events = new()
    {
        ["opened"] = new JobEvent.Opened(),
        ["cancel"] = new JobEvent.CancelAsked(),
        ["fail"] = new JobEvent.Failed(Second),
        ["ended"] = new JobEvent.TasksEnded(),
    };

    [Theory]
    [InlineData("starting", "opened", "running", "RunTasks")]
    [InlineData("starting", "cancel", "cancelling", "StopTasks")]
    [InlineData("starting", "fail", "failing2", "StopTasks")]
    [InlineData("starting", "ended", "unreachable", "")]
    [InlineData("running", "opened", "unreachable", "")]
    [InlineData("running", "cancel", "cancelling", "StopTasks")]
    [InlineData("running", "fail", "failing2", "StopTasks")]
    [InlineData("running", "ended", "finished", "Report")]
    [InlineData("failing", "opened", "failing", "None")]
    [InlineData("failing", "cancel", "failing", "None")]
    [InlineData("failing", "fail", "failing", "None")]
    [InlineData("failing", "ended", "failed", "Report")]
    [InlineData("cancelling", "opened", "cancelling", "None")]
    [InlineData("cancelling", "cancel", "cancelling", "None")]
    [InlineData("cancelling", "fail", "cancelling", "None")]
    [InlineData("cancelling", "ended", "cancelled", "Report")]
    [InlineData("finished", "opened", "finished", "None")]
    [InlineData("finished", "cancel", "finished", "None")]
    [InlineData("finished", "fail", "failed2", "None")]
    [InlineData("finished", "ended", "unreachable", "")]
    [InlineData("failed", "opened", "failed", "None")]
    [InlineData("failed", "cancel", "failed", "None")]
    [InlineData("failed", "fail", "failed", "None")]
    [InlineData("failed", "ended", "unreachable", "")]
    [InlineData("cancelled", "opened", "cancelled", "None")]
    [InlineData("cancelled", "cancel", "cancelled", "None")]
    [InlineData("cancelled", "fail", "cancelled", "None")]
    [InlineData("cancelled", "ended", "unreachable", "")]
    public void Step_EveryStateAndEvent_IsAsInTheTable(string state, string e, string next, string effect)
    {
        if (next == "unreachable")
        {
            Assert.Throws<UnreachableException>(() => JobMachine.Step(States[state], Events[e]));
            return;
        }

        Assert.Equal((States[next], Enum.Parse<JobEffect>(effect)), JobMachine.Step(States[state], Events[e]));
    }
}
