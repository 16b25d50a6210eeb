using Millrace.Testing.Contracts;

namespace Millrace.Tests.Connectors;

/// <summary>What every transactional sink promises: the test kit's contract, one test per part. A sink is one subclass.</summary>
public abstract class TransactionalSinkContract<T, TPart, TPrepared>
{
    /// <summary>A new, empty target.</summary>
    protected abstract ValueTask<TransactionalSinkTarget<T, TPart, TPrepared>> CreateAsync();

    /// <summary>Different records.</summary>
    protected abstract IReadOnlyList<T> Records { get; }

    [Fact]
    public Task Commit_OfEachPart_MakesItVisible() => Contract.CheckVisibilityAsync();

    [Fact]
    public Task Seal_WithoutRecords_HasNothingToCommit() => Contract.CheckEmptyPartsAsync();

    [Fact]
    public Task Instances_SideBySide_DoNotDisturbEachOther() => Contract.CheckInstancesAsync();

    [Fact]
    public Task Crash_AfterSeal_RecordsComeOnce() => Contract.CheckCrashAfterSealAsync();

    [Fact]
    public Task Crash_AfterPrepare_RecordsComeOnce() => Contract.CheckCrashAfterPrepareAsync();

    [Fact]
    public Task Crash_WithPartsOwed_NextProcessCommitsThem() => Contract.CheckOwedAsync();

    [Fact]
    public Task Commit_Interrupted_IsRepeated() => Contract.CheckInterruptedCommitAsync();

    [Fact]
    public Task Commit_Twice_FindsItDone() => Contract.CheckCommitTwiceAsync();

    [Fact]
    public Task Commit_ByManyAtOnce_HappensOnce() => Contract.CheckCommitTogetherAsync();

    [Fact]
    public Task Commit_OfAbandoned_IsMissing() => Contract.CheckAbandonedAsync();

    [Fact]
    public Task Abandon_OfOwed_LeavesItAlone() => Contract.CheckOwedIsLeftAloneAsync();

    [Fact]
    public Task Abandon_ByALateDeployment_HarmsNobody() => Contract.CheckLateAbandonAsync();

    [Fact]
    public Task Restart_AfterEveryRecord_EachIsVisibleOnce() => Contract.CheckRestartsAsync();

    [Fact]
    public Task Stop_AndGoOn_Adds() => Contract.CheckStopAsync();

    [Fact]
    public Task Fresh_OverEarlierOutput_DoesAsThePromiseSays() => Contract.CheckFreshAsync();

    [Fact]
    public Task WithoutStorage_EverythingIsVisibleAtTheEnd() => Contract.CheckWithoutStorageAsync();

    Millrace.Testing.Contracts.TransactionalSinkContract<T, TPart, TPrepared> Contract => new(CreateAsync, Records);
}
