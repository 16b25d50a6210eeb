using Millrace.Hosting;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Hosting;

/// <summary>Where a job is in its life, in words.</summary>
public sealed class LedgerTextTests
{
    [Fact]
    public void Owed_OfAJobThatRuns_IsCommittedByItsProcess()
    {
        OwedTransaction owed = new("sink", "1", Codec.Of<int>().Schema, default, "");
        LedgerState state = LedgerFold.NewJob("orders") with { Owed = [owed, owed] };
        LedgerView view = new(state, null, new(1, "here", "", new string('0', 32), DateTimeOffset.UnixEpoch), true);

        Assert.Contains("owed      2 transactions, which the process is committing\n", LedgerText.Of(view, new ControlOutcome.Answered(new(true, "fine"))), StringComparison.Ordinal);
        Assert.Contains("owed      2 transactions, which the next start commits\n", LedgerText.Of(view, new ControlOutcome.Gone()), StringComparison.Ordinal);
    }
}
