using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Durable;

/// <summary>
/// A life with everything in it - start, checkpoints that leave retention, a savepoint, a stop, a start from it, the end - stopped at every call
/// of the store and of the sink, once before and once after it took effect; then the job is started until it has finished.
/// </summary>
public sealed class CrashSweepTests
{
    static readonly TrialFlow.Input s_input = new(2, 60);

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Life_CrashAtEveryCall_EndsExactly()
    {
        int calls = await LiveAsync(new());
        // Which calls come when depends on timing, so a few more than there were.
        for (int at = 0; at < calls + 10; at++)
        {
            foreach (bool isAfter in (bool[])[false, true]) await LiveAsync(new(at, isAfter));
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{calls} calls in a life");
    }

    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Life_CrashTwiceInARow_EndsExactly()
    {
        int calls = await LiveAsync(new());
        Random chance = new(7);
        for (int i = 0; i < 60; i++) await LiveAsync(new(chance.Next(calls), chance.Next(2) == 0), new(chance.Next(calls / 2), chance.Next(2) == 0), new(chance.Next(calls / 3), chance.Next(2) == 0));
    }

    /// <summary>Runs processes one after the other, each until it dies, then one more that does not.</summary>
    /// <returns>The calls of the first.</returns>
    static async Task<int> LiveAsync(TrialProcess first, params TrialProcess[] next)
    {
        Trial trial = new() { Input = s_input };
        string died = "";
        foreach (TrialProcess process in (TrialProcess[])[first, .. next, new()])
        {
            bool isEnded = await RunAsync(trial, process, isScripted: process == first);
            if (isEnded) break;
            died += $"; {await process.Died}";
            await trial.AssertKeptUnlessNewAsync();
        }

        Assert.Equal(JobPhase.Finished, (await trial.StateAsync())!.Phase);
        await trial.AssertExactAsync($"died at{died}\n{string.Join('\n', trial.Told)}");
        return first.Steps.Count;
    }

    /// <summary>One process, which starts the job again and again as its operator would, until it has finished or the process is dead.</summary>
    static async Task<bool> RunAsync(Trial trial, TrialProcess process, bool isScripted)
    {
        for (int start = 0; start < 10; start++)
        {
            LedgerState? state = await trial.StateAsync();
            if (state?.Phase == JobPhase.Finished) return true;
            StartFrom from = state?.Phase == JobPhase.Stopped ? new StartFrom.LatestSavepoint() : new StartFrom.Unsaid();
            bool isFirst = isScripted && start == 0;
            TrialStart how = new()
            {
                Process = process, From = from, Threads = 1, Parallelism = 1, Gate = new(isFirst ? 0 : int.MaxValue),
                Checkpoints = new() { Interval = TimeSpan.FromHours(1), Retained = 2, ToleratedFailures = 0 },
            };
            DurableJob job = trial.Start(how);
            Task script = isFirst ? ScriptAsync(job, how.Gate, process) : Task.CompletedTask;
            await Task.WhenAny(process.Died, job.Completion);
            if (process.IsDead)
            {
                // What is left of it in memory ends, and can do nothing on its way.
                job.Cancel();
                await job.Completion.ContinueWith(static _ => { }, TaskScheduler.Default);
                await script;
                return false;
            }

            await script;
            await job.Completion;
        }

        Assert.Fail("the job does not come to an end");
        return false;
    }

    static async Task ScriptAsync(DurableJob job, TrialGate gate, TrialProcess process)
    {
        try
        {
            for (int part = 1; part <= 4; part++)
            {
                gate.Open(part * 12);
                await job.PassedAsync(gate, s_input.Below(part * 12));
                if (job.Completion.IsCompleted) return;
                await (part == 2 ? job.SavepointAsync(null) : job.CheckpointAsync());
            }

            await job.StopAsync(isDrain: false, null);
        }
        catch (Exception) when (process.IsDead)
        {
            // It died while the folder of the savepoint was looked at, or the stop recorded.
        }
    }
}

static class TrialLedger
{
    /// <summary>What the ledger keeps is whole, if there is a ledger yet.</summary>
    public static async Task AssertKeptUnlessNewAsync(this Trial trial)
    {
        if (await trial.StateAsync() is not null) await trial.AssertKeptAsync();
    }
}
