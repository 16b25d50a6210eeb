using Millrace.Runtime.Checkpoints;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

public sealed class StartDecisionTests
{
    static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    static readonly StartToken Default = new("", "f"), FromFresh = new("fresh", "f"), FromPath = new("s3://b/sp", "f"), FromSavepoint = new("latest-savepoint", "f");

    // How a job can have ended, by the token its timeline began with: f fresh, p path, s latest-savepoint, - nothing said.
    [Theory]
    // Never started.
    [InlineData("New", "-", "", false, "Fresh")]
    [InlineData("New", "-", "fresh", false, "Fresh")]
    [InlineData("New", "-", "latest", false, "Refuse")]
    [InlineData("New", "-", "latest-savepoint", false, "Refuse")]
    [InlineData("New", "-", "s3://b/sp", false, "RestoreFrom")]
    // A crash (nothing was recorded), Ctrl-C or SIGTERM (interrupted), a failure: latest, by itself.
    [InlineData("Running", "-", "", false, "Resume 3")]
    [InlineData("Interrupted", "-", "", false, "Resume 3")]
    [InlineData("Failed", "-", "", false, "Resume 3")]
    [InlineData("Running", "f", "", false, "Resume 3")]
    [InlineData("Running", "-", "latest", false, "Resume 3")]
    [InlineData("Running", "-", "latest", true, "RestoreOwn 3")]
    // The command line that began it, again: it was honoured.
    [InlineData("Running", "f", "fresh", false, "Resume 3")]
    [InlineData("Interrupted", "p", "s3://b/sp", false, "Resume 3")]
    [InlineData("Failed", "s", "latest-savepoint", false, "Resume 3")]
    // Another request over a live timeline.
    [InlineData("Running", "-", "fresh", false, "Refuse")]
    [InlineData("Interrupted", "f", "s3://b/sp", false, "Refuse")]
    [InlineData("Failed", "p", "latest-savepoint", false, "Refuse")]
    [InlineData("Running", "-", "fresh", true, "Fresh")]
    [InlineData("Interrupted", "f", "s3://b/sp", true, "RestoreFrom")]
    [InlineData("Failed", "p", "latest-savepoint", true, "RestoreFrom")]
    [InlineData("Failed", "p", "", true, "Refuse")]
    // Half a stop is finished, whatever is asked.
    [InlineData("Stopping", "-", "", false, "FinishStop")]
    [InlineData("Stopping", "f", "fresh", false, "FinishStop")]
    [InlineData("Stopping", "-", "s3://b/sp", true, "FinishStop")]
    // Stopped and cancelled.
    [InlineData("Stopped", "-", "", false, "Refuse")]
    [InlineData("Cancelled", "-", "", false, "Refuse")]
    [InlineData("Stopped", "-", "latest", false, "RestoreOwn 3")]
    [InlineData("Cancelled", "-", "latest", false, "RestoreOwn 3")]
    [InlineData("Stopped", "-", "latest-savepoint", false, "RestoreFrom")]
    [InlineData("Stopped", "s", "latest-savepoint", false, "RestoreFrom")]
    [InlineData("Cancelled", "-", "fresh", false, "Fresh")]
    [InlineData("Stopped", "f", "fresh", false, "Refuse")]
    [InlineData("Stopped", "p", "s3://b/sp", false, "Refuse")]
    [InlineData("Cancelled", "p", "s3://b/sp", true, "RestoreFrom")]
    [InlineData("Stopped", "f", "fresh", true, "Fresh")]
    // Finished.
    [InlineData("Finished", "-", "", false, "AlreadyFinished")]
    [InlineData("Finished", "-", "latest", false, "AlreadyFinished")]
    [InlineData("Finished", "f", "fresh", false, "AlreadyFinished")]
    [InlineData("Finished", "p", "s3://b/sp", false, "AlreadyFinished")]
    [InlineData("Finished", "f", "fresh", true, "Fresh")]
    [InlineData("Finished", "-", "fresh", false, "Fresh")]
    [InlineData("Finished", "f", "s3://b/sp", false, "RestoreFrom")]
    [InlineData("Finished", "s", "latest-savepoint", false, "AlreadyFinished")]
    // A savepoint of its own, after the job went on from there: what follows it would be written again.
    [InlineData("Finished", "f", "s3://b/sp-1", false, "Refuse")]
    [InlineData("Finished", "-", "latest-savepoint", false, "Refuse")]
    [InlineData("Finished", "-", "latest-savepoint", true, "RestoreFrom")]
    public void Decide_EveryEndAndRequest_IsAsInTheTable(string phase, string began, string from, bool isRewind, string expected)
    {
        LedgerState? state = phase == "New" ? null : Ended(Enum.Parse<JobPhase>(phase)) with
        {
            Token = began switch { "f" => FromFresh, "p" => FromPath, "s" => FromSavepoint, _ => Default },
        };

        StartAction action = StartDecision.Decide(state, Request(from) with { IsRewind = isRewind });

        Assert.Equal(expected, Describe(action));
    }

    [Fact]
    public void Decide_RewindRepeatedOverItsOwnTimeline_IsHonouredOnce()
    {
        StartRequest request = Request("fresh") with { IsRewind = true };

        Assert.Equal("Resume 3", Describe(StartDecision.Decide(Ended(JobPhase.Running) with { Token = request.Token }, request)));
    }

    [Fact]
    public void Decide_SameRequestOfAnotherProgram_IsAnotherRequestAndSaysSo()
    {
        StartAction action = StartDecision.Decide(Ended(JobPhase.Running) with { Token = FromFresh }, Request("fresh") with { Fingerprint = "g" });

        Assert.Contains("the program is another", Assert.IsType<StartAction.Refuse>(action).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_LiveWithoutCheckpoint_GoesOnFromWhatTheTimelineBeganWith()
    {
        StartAction action = StartDecision.Decide(Ended(JobPhase.Running) with { Retained = [] }, Request(""));

        Assert.Null(Assert.IsType<StartAction.Resume>(action).Checkpoint);
    }

    [Theory]
    [InlineData(false, false, "TakeSavepoint")]
    [InlineData(true, false, "Gather")]
    [InlineData(true, true, "Record")]
    public void Decide_HalfAStop_GoesOnWhereItEnded(bool hasCheckpoint, bool hasFolder, string step)
    {
        LedgerState state = Ended(JobPhase.Stopping) with { Stop = new StopProgress(false, "s3://b/x", hasCheckpoint ? At(3).Snapshot : null, hasFolder ? "s3://b/x" : null) };

        var finish = Assert.IsType<StartAction.FinishStop>(StartDecision.Decide(state, Request("")));

        Assert.Equal(step, finish.Step.ToString());
        Assert.Equal(step == "TakeSavepoint", finish.ResumeFrom is not null);
    }

    [Fact]
    public void Decide_StopGatheredAndOwing_SettlesFirst()
    {
        LedgerState state = Ended(JobPhase.Stopping) with { Stop = new StopProgress(false, null, At(3).Snapshot, "s3://b/x"), Owed = [Owed("out")] };

        Assert.Equal(StopStep.Settle, Assert.IsType<StartAction.FinishStop>(StartDecision.Decide(state, Request("") with { Sinks = ["out"] })).Step);
    }

    [Theory]
    [InlineData(false, false, "Resume 2")]
    [InlineData(true, false, "Refuse")]
    [InlineData(true, true, "Resume 2")]
    public void Decide_NewestDamaged_FallsBackUnlessSinksCommittedPastIt(bool prepares, bool accepts, string expected)
    {
        LedgerState state = Ended(JobPhase.Running) with { Retained = [At(1), At(2), At(3) with { Prepares = prepares }] };
        StartRequest request = Request("") with { Damaged = [At(3).Snapshot], AcceptsDuplicates = accepts };

        StartAction action = StartDecision.Decide(state, request);

        Assert.Equal(expected, Describe(action));
        if (action is StartAction.Resume resume) Assert.Equal(3, Assert.Single(resume.Skipped).Snapshot.Id);
        else Assert.Contains("--accept-duplicates", ((StartAction.Refuse)action).Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_AllDamaged_RefusesAndNamesThem()
    {
        LedgerState state = Ended(JobPhase.Running);

        StartAction action = StartDecision.Decide(state, Request("") with { Damaged = [.. state.Retained.Select(r => r.Snapshot)], AcceptsDuplicates = true });

        Assert.Contains("3, 2", Assert.IsType<StartAction.Refuse>(action).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("fresh", true)]
    public void Decide_OwedToAMissingSink_RefusesUnlessItIsDropped(string from, bool isRewind)
    {
        LedgerState state = Ended(JobPhase.Running) with { Owed = [Owed("gone")] };
        StartRequest request = Request(from) with { IsRewind = isRewind, Sinks = ["out"] };

        Assert.Contains("--drop-state gone", Assert.IsType<StartAction.Refuse>(StartDecision.Decide(state, request)).Why, StringComparison.Ordinal);
        Assert.IsNotType<StartAction.Refuse>(StartDecision.Decide(state, request with { Drops = ["gone"] }));
        Assert.IsNotType<StartAction.Refuse>(StartDecision.Decide(state, request with { Sinks = ["gone"] }));
    }

    [Fact]
    public void Decide_Refusals_NameTheChoices()
    {
        var refuse = Assert.IsType<StartAction.Refuse>(StartDecision.Decide(Ended(JobPhase.Stopped), Request("")));

        Assert.Contains("was stopped", refuse.Why, StringComparison.Ordinal);
        Assert.Contains("--from latest-savepoint (s3://b/sp-2)", refuse.Why, StringComparison.Ordinal);
        Assert.Contains("--from latest (checkpoint 3", refuse.Why, StringComparison.Ordinal);
        Assert.Contains("--from fresh", refuse.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_LatestSavepoint_IsTheNewestWithItsHash()
    {
        var restore = Assert.IsType<StartAction.RestoreFrom>(StartDecision.Decide(Ended(JobPhase.Stopped), Request("latest-savepoint") with { IsClaim = true }));

        Assert.Equal(new StartAction.RestoreFrom("s3://b/sp-2", "22", true), restore);
    }

    static string Describe(StartAction action) => action switch
    {
        StartAction.Resume resume => $"Resume {resume.Checkpoint?.Snapshot.Id}",
        StartAction.RestoreOwn own => $"RestoreOwn {own.Checkpoint.Snapshot.Id}",
        _ => action.GetType().Name,
    };

    static StartRequest Request(string from) => new() { From = StartFrom.Parse(from), Fingerprint = "f", Sinks = ["out"] };

    static LedgerState Ended(JobPhase phase) => LedgerFold.NewJob("job") with
    {
        Phase = phase,
        Cause = "cause",
        Timeline = "t",
        Token = Default,
        Attempt = new AttemptId(1, 1),
        Retained = [At(2), At(3)],
        Savepoints = [new SavepointRecord(1, new AttemptId(1, 1), "t", "s3://b/sp-1", "11", Noon), new SavepointRecord(2, new AttemptId(1, 1), "t", "s3://b/sp-2", "22", Noon)],
        Stop = phase == JobPhase.Stopping ? new StopProgress(false, null) : null,
    };

    static RetainedCheckpoint At(long id) =>
        new(new SnapshotReference(id, new AttemptId(1, 1), SnapshotKeys.Manifest(id, new AttemptId(1, 1)), "00"), SnapshotKind.Checkpoint, Noon, Timestamp.None, 0, "t", false, false, false, []);

    static OwedTransaction Owed(string sink) => new(sink, "tx", new TypeSchema(new SchemaType.Scalar("int32"), []), default, "part 1");
}
