namespace Millrace.Testing.Contracts;

/// <summary>
/// What the engine relies on in every <see cref="ITransactionalSink{T, TPart, TPrepared}"/>: whatever stops whom in the middle of what, readers
/// see each record of committed parts exactly once. Call <see cref="CheckAsync"/> from a test of any framework, or the parts from one test each.
/// </summary>
/// <typeparam name="T">The record type; compared with its default comparer.</typeparam>
/// <typeparam name="TPart">What a writer seals.</typeparam>
/// <typeparam name="TPrepared">What is durable. Encoded and decoded as in a checkpoint.</typeparam>
/// <param name="create">Makes a new, empty target.</param>
/// <param name="records">Six different records or more.</param>
public sealed class TransactionalSinkContract<T, TPart, TPrepared>(
    Func<ValueTask<TransactionalSinkTarget<T, TPart, TPrepared>>> create, IReadOnlyList<T> records)
{
    const int Callers = 8;

    IReadOnlyList<T> First => [.. records.Take(records.Count / 3)];

    IReadOnlyList<T> Second => [.. records.Skip(First.Count).Take(records.Count / 3)];

    IReadOnlyList<T> Third => [.. records.Skip(First.Count + Second.Count)];

    /// <summary>Checks all of it.</summary>
    /// <exception cref="ExpectationException">The sink breaks a part of the contract, which the message names.</exception>
    public async Task CheckAsync()
    {
        foreach (Func<Task> check in (Func<Task>[])[
            CheckVisibilityAsync, CheckEmptyPartsAsync, CheckInstancesAsync, CheckCrashAfterSealAsync, CheckCrashAfterPrepareAsync, CheckOwedAsync,
            CheckInterruptedCommitAsync, CheckCommitTwiceAsync, CheckCommitTogetherAsync, CheckAbandonedAsync, CheckOwedIsLeftAloneAsync,
            CheckLateAbandonAsync, CheckRestartsAsync, CheckStopAsync, CheckFreshAsync, CheckWithoutStorageAsync])
            await check().ConfigureAwait(false);
    }

    /// <summary>Parts are invisible until committed, and visible after, in order.</summary>
    public Task CheckVisibilityAsync() => WithTargetAsync(async target =>
    {
        Require(target.Sink.Problems, [], "Problems of a sink that can run must be empty");
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        await run.WriteAsync(First).ConfigureAwait(false);
        await target.RequireAsync([], "records that are written must be invisible").ConfigureAwait(false);
        TPart part = run.Seal();
        await target.RequireAsync([], "a sealed part must be invisible").ConfigureAwait(false);
        await run.WriteAsync(Second).ConfigureAwait(false);
        TPrepared first = await run.PrepareAsync(part).ConfigureAwait(false);
        await target.RequireAsync([], "a prepared part must be invisible").ConfigureAwait(false);
        TPrepared second = await run.PrepareAsync(run.Seal()).ConfigureAwait(false);
        await target.CommitAsync(first, CommitOutcome.Committed).ConfigureAwait(false);
        await target.RequireCommittedAsync(First, "the part that is committed must be visible, and no other").ConfigureAwait(false);
        await target.CommitAsync(second, CommitOutcome.Committed).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, "all parts that are committed must be visible").ConfigureAwait(false);
    });

    /// <summary>Without records there is nothing to commit, except at the end what the sink wants to publish.</summary>
    public Task CheckEmptyPartsAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        Require([run.TrySeal(false, out _)], [false], "Seal without records must be false");
        await run.WriteAsync(First).ConfigureAwait(false);
        await target.CommitAsync(await run.PrepareAsync(run.Seal()).ConfigureAwait(false), CommitOutcome.Committed).ConfigureAwait(false);
        Require([run.TrySeal(false, out _)], [false], "Seal without records since the last part must be false");
        await run.FinishAsync([]).ConfigureAwait(false);
        Require([run.TrySeal(true, out _)], [false], "Seal after the last part must be false");
        await target.RequireAsync(First, "parts without records must add none").ConfigureAwait(false);

        run = await target.StartAsync(2).ConfigureAwait(false);
        await run.FinishAsync([]).ConfigureAwait(false);
        await target.RequireAsync(First, "a deployment without records must add none").ConfigureAwait(false);
    });

    /// <summary>Parallel instances do not disturb each other.</summary>
    public Task CheckInstancesAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared>[] runs = await target.StartAllAsync(1).ConfigureAwait(false);
        List<TPrepared> prepared = [];
        for (int i = 0; i < records.Count; i++)
        {
            SinkRun<T, TPart, TPrepared> run = runs[i % runs.Length];
            await run.WriteAsync([records[i]]).ConfigureAwait(false);
            if (i % 2 == 1) continue;
            prepared.Add(await run.PrepareAsync(run.Seal()).ConfigureAwait(false));
        }

        foreach (TPrepared part in prepared) await target.CommitAsync(part, CommitOutcome.Committed).ConfigureAwait(false);
        foreach (SinkRun<T, TPart, TPrepared> run in runs) await run.FinishAsync([]).ConfigureAwait(false);
        await target.RequireAsync(records, "the records of all instances must be visible", inOrder: runs.Length == 1).ConfigureAwait(false);
    });

    /// <summary>A part that was sealed when the process died comes again from the checkpoint before.</summary>
    public Task CheckCrashAfterSealAsync() => CheckCrashAsync(static async run =>
    {
        run.Seal();
        await run.DisposeAsync().ConfigureAwait(false);
    }, "after a crash between seal and prepare");

    /// <summary>A part that was prepared, but named by no checkpoint, comes again from the checkpoint before.</summary>
    public Task CheckCrashAfterPrepareAsync() => CheckCrashAsync(static async run =>
    {
        await run.PrepareAsync(run.Seal()).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
    }, "after a crash between prepare and the checkpoint");

    /// <summary>A part that a checkpoint names is committed by the next process, from what the checkpoint says of it.</summary>
    public Task CheckOwedAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        TPrepared first = await run.WriteAndPrepareAsync(First).ConfigureAwait(false);
        TPrepared second = await run.WriteAndPrepareAsync(Second).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
        foreach (TPrepared owed in (TPrepared[])[first, second])
            await target.CommitAsync(SinkSteps.Restored(owed), CommitOutcome.Committed).ConfigureAwait(false);
        await target.RequireCommittedAsync([.. First, .. Second], "a part committed by another process must be visible").ConfigureAwait(false);
        run = await target.StartAsync(2).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, "parts owed across a restart must be visible once").ConfigureAwait(false);
    });

    /// <summary>A commit that was cut short, and whose outcome nobody knows, is repeated.</summary>
    public Task CheckInterruptedCommitAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        foreach (IReadOnlyList<T> some in (IReadOnlyList<T>[])[First, Second])
        {
            TPrepared prepared = await run.WriteAndPrepareAsync(some).ConfigureAwait(false);
            using CancellationTokenSource crash = new();
            Task commit = target.Sink.CommitAsync(prepared, crash.Token).AsTask();
            await crash.CancelAsync().ConfigureAwait(false);
            // Whether it was cancelled, failed or was faster: the outcome does not count.
            await commit.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await target.CommitAsync(SinkSteps.Restored(prepared), null).ConfigureAwait(false);
        }

        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, "parts whose commit was interrupted and repeated must be visible once").ConfigureAwait(false);
    });

    /// <summary>The second commit finds that there is nothing to do.</summary>
    public Task CheckCommitTwiceAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        List<TPrepared> all = [];
        foreach (IReadOnlyList<T> some in (IReadOnlyList<T>[])[First, Second])
        {
            all.Add(await run.WriteAndPrepareAsync(some).ConfigureAwait(false));
            await target.CommitAsync(all[^1], CommitOutcome.Committed).ConfigureAwait(false);
            await target.CommitAsync(all[^1], CommitOutcome.Already).ConfigureAwait(false);
        }

        all.AddRange(await run.FinishAsync(Third).ConfigureAwait(false));
        foreach (TPrepared prepared in all) await target.CommitAsync(SinkSteps.Restored(prepared), CommitOutcome.Already).ConfigureAwait(false);
        await target.RequireAsync(records, "parts committed twice must be visible once").ConfigureAwait(false);
    });

    /// <summary>Several processes commit the same part at the same time.</summary>
    public Task CheckCommitTogetherAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        List<TPrepared> all = [];
        foreach (IReadOnlyList<T> some in (IReadOnlyList<T>[])[First, Second, Third]) 
            all.Add(await run.WriteAndPrepareAsync(some).ConfigureAwait(false));
        if (run.TrySeal(true, out TPart? last)) all.Add(await run.PrepareAsync(last).ConfigureAwait(false));
        foreach (TPrepared prepared in all)
        {
            CommitOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => target.CommitElsewhereAsync(prepared)))
                .WaitAsync(SinkSteps.Patience, TimeProvider.System).ConfigureAwait(false);
            Require(outcomes.Where(static o => o == CommitOutcome.Missing), [], $"of {Callers} callers that commit a part at once none must find it missing");
            Require([outcomes.Contains(CommitOutcome.Committed)], [true], $"of {Callers} callers that commit a part at once one must have committed it");
        }

        await target.RequireAsync(records, "parts committed by several callers at once must be visible once").ConfigureAwait(false);
    });

    /// <summary>What was abandoned is gone for good, and committing it says so.</summary>
    public Task CheckAbandonedAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        await target.CommitAsync(await run.WriteAndPrepareAsync(First).ConfigureAwait(false), CommitOutcome.Committed).ConfigureAwait(false);
        TPrepared lost = await run.WriteAndPrepareAsync(Second).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
        run = await target.StartAsync(2).ConfigureAwait(false);
        await target.CommitAsync(SinkSteps.Restored(lost), CommitOutcome.Missing).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync([.. First, .. Third], "an abandoned part must not be visible").ConfigureAwait(false);
    });

    /// <summary>What is owed and could not be committed yet survives the start of the next deployment.</summary>
    public Task CheckOwedIsLeftAloneAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        TPrepared owed = SinkSteps.Restored(await run.WriteAndPrepareAsync(First).ConfigureAwait(false));
        await run.DisposeAsync().ConfigureAwait(false);
        run = await target.StartAsync(2, owed: [owed]).ConfigureAwait(false);
        TPrepared second = await run.WriteAndPrepareAsync(Second).ConfigureAwait(false);
        await target.CommitAsync(owed, CommitOutcome.Committed).ConfigureAwait(false);
        await target.CommitAsync(second, CommitOutcome.Committed).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
        run = await target.StartAsync(3).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, "a part that was owed while the next deployment began must be visible once").ConfigureAwait(false);
    });

    /// <summary>A process that was paused before it abandoned what was before it does no harm to what came after it.</summary>
    public Task CheckLateAbandonAsync() => WithTargetAsync(async target =>
    {
        await (await target.StartAsync(1).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(3).ConfigureAwait(false);
        TPrepared prepared = await run.WriteAndPrepareAsync(First).ConfigureAwait(false);
        // It may notice that it is late, and fail; it must not succeed in undoing anything.
        await target.NewSink().AbandonAsync(target.Context(2), [], CancellationToken.None).AsTask().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await target.CommitAsync(prepared, CommitOutcome.Committed).ConfigureAwait(false);
        await run.FinishAsync([.. Second, .. Third]).ConfigureAwait(false);
        await target.RequireAsync(records, "abandoning late must not touch the parts of later deployments").ConfigureAwait(false);
    });

    /// <summary>A deployment after the other dies, each at another point.</summary>
    public Task CheckRestartsAsync() => WithTargetAsync(async target =>
    {
        int deployment = 0;
        for (int i = 0; i < records.Count; i++)
        {
            // Written and lost, in another way each time, then written again and committed.
            SinkRun<T, TPart, TPrepared> run = await target.StartAsync(++deployment).ConfigureAwait(false);
            await run.WriteAsync([.. records.Skip(i)]).ConfigureAwait(false);
            if (i % 3 > 0 && run.TrySeal(false, out TPart? part) && i % 3 > 1) await run.PrepareAsync(part).ConfigureAwait(false);
            await run.DisposeAsync().ConfigureAwait(false);
            run = await target.StartAsync(++deployment).ConfigureAwait(false);
            TPrepared prepared = await run.WriteAndPrepareAsync([records[i]]).ConfigureAwait(false);
            if (i % 2 == 0) await run.DisposeAsync().ConfigureAwait(false);
            await target.CommitAsync(SinkSteps.Restored(prepared), CommitOutcome.Committed).ConfigureAwait(false);
            if (i % 2 == 1) await run.DisposeAsync().ConfigureAwait(false);
        }

        await (await target.StartAsync(++deployment).ConfigureAwait(false)).FinishAsync([]).ConfigureAwait(false);
        await target.RequireAsync(records, "after a deployment per record each must be visible once").ConfigureAwait(false);
    });

    /// <summary>A job that was stopped shows everything; the timeline that goes on from there adds to it.</summary>
    public Task CheckStopAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        await run.FinishAsync(First).ConfigureAwait(false);
        await target.RequireAsync(First, "after a stop everything must be visible").ConfigureAwait(false);
        run = await target.StartAsync(2, timeline: 2, isFresh: false).ConfigureAwait(false);
        await target.CommitAsync(await run.WriteAndPrepareAsync(Second).ConfigureAwait(false), CommitOutcome.Committed).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, "a timeline that goes on from a snapshot must add to what is there").ConfigureAwait(false);
    });

    /// <summary>A fresh run replaces what was before it, if the target says so; not before its first commit, and once.</summary>
    public Task CheckFreshAsync() => WithTargetAsync(async target =>
    {
        await (await target.StartAsync(1).ConfigureAwait(false)).FinishAsync(First).ConfigureAwait(false);
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(2, timeline: 2).ConfigureAwait(false);
        TPrepared prepared = await run.WriteAndPrepareAsync(Second).ConfigureAwait(false);
        await target.RequireAsync(First, "before the first commit of a fresh run the output before must be as it was").ConfigureAwait(false);
        await target.CommitAsync(prepared, CommitOutcome.Committed).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
        // The same timeline goes on after a crash: what it committed is its own.
        await (await target.StartAsync(3, timeline: 2).ConfigureAwait(false)).FinishAsync(Third).ConfigureAwait(false);
        bool replaces = target.Target.IsReplacedByFreshRuns;
        await target.RequireAsync([.. replaces ? [] : First, .. Second, .. Third], replaces
            ? "a fresh run must replace the output before, and nothing of its own" : "a fresh run must add to what is there").ConfigureAwait(false);
    });

    /// <summary>A job without storage commits once, at the end; after a failure nothing of it is visible.</summary>
    public Task CheckWithoutStorageAsync() => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1, isDurable: false).ConfigureAwait(false);
        await run.WriteAndPrepareAsync(Second, isLast: true).ConfigureAwait(false);
        await run.DisposeAsync().ConfigureAwait(false);
        await target.RequireAsync([], "what a failed job without storage prepared must be invisible").ConfigureAwait(false);
        run = await target.StartAsync(1, timeline: 2, isDurable: false).ConfigureAwait(false);
        await run.FinishAsync(records).ConfigureAwait(false);
        await target.RequireAsync(records, "a job without storage must show everything when it has ended").ConfigureAwait(false);
    });

    Task CheckCrashAsync(Func<SinkRun<T, TPart, TPrepared>, Task> crash, string when) => WithTargetAsync(async target =>
    {
        SinkRun<T, TPart, TPrepared> run = await target.StartAsync(1).ConfigureAwait(false);
        await target.CommitAsync(await run.WriteAndPrepareAsync(First).ConfigureAwait(false), CommitOutcome.Committed).ConfigureAwait(false);
        await run.WriteAsync(Second).ConfigureAwait(false);
        await crash(run).ConfigureAwait(false);
        run = await target.StartAsync(2).ConfigureAwait(false);
        await target.RequireCommittedAsync(First, $"{when} only what was committed must be visible").ConfigureAwait(false);
        await target.CommitAsync(await run.WriteAndPrepareAsync(Second).ConfigureAwait(false), CommitOutcome.Committed).ConfigureAwait(false);
        await run.FinishAsync(Third).ConfigureAwait(false);
        await target.RequireAsync(records, $"{when} the records that come again must be visible once").ConfigureAwait(false);
    });

    async Task WithTargetAsync(Func<SinkTrial<T, TPart, TPrepared>, Task> check)
    {
        TransactionalSinkTarget<T, TPart, TPrepared> target = await create().ConfigureAwait(false);
        await using (target.ConfigureAwait(false)) await check(new SinkTrial<T, TPart, TPrepared>(target)).ConfigureAwait(false);
    }

    static void Require<TItem>(IEnumerable<TItem> actual, IEnumerable<TItem> expected, string rule) => SinkTrial.Require(actual, expected, rule);
}
