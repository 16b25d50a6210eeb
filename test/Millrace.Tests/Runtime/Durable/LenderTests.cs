using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Durable;
using Millrace.Storage;
using Millrace.Testing.Stores;

namespace Millrace.Tests.Runtime.Durable;

public sealed class LenderTests
{
    [Fact(Timeout = TrialAssert.LimitMs)]
    public async Task Change_FolderThatMayNotBeWrittenTo_IsRefusedAfterAWhile()
    {
        Trial trial = new() { Input = new(1, 10) };
        DurableJob job = await trial.StartAsync(new(), limit: 5);
        long id = (await job.CheckpointAsync().TakenAsync()).Snapshot.Id;
        job.Interrupt("test");
        await job.Completion;
        FaultStore readOnly = new(trial.Store, new(static call => call.Verb is StoreVerb.Get or StoreVerb.Read ? new StoreFault.None() : new StoreFault.Refuse()), TimeProvider.System);
        DurableOptions durable = new() { Store = readOnly, OpenStore = static (_, _) => default, SavepointRoot = "" };
        Lender lender = new(readOnly.Under(trial.Name), trial.Name, "borrower", durable, new()) { LeadMax = TimeSpan.FromMilliseconds(500) };
        LeaderAnswer answer = await lender.ChangeAsync(new LedgerEdit.Borrow(id, "read", "one"), static state => state.Pins.Count > 0, default);
        Assert.Contains("could not be written to for 0.5 s", Assert.IsType<LeaderAnswer.Refused>(answer).Why, StringComparison.Ordinal);
    }
}
