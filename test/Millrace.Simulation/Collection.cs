using Millrace.Cli;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>The offline collection of garbage, as the tool does it, over what a simulated life has left behind: it leaves what is needed and nothing else.</summary>
static class Collection
{
    /// <exception cref="SimulationException">Something that nobody needs is left, or something that is needed is gone.</exception>
    public static async Task CheckAsync(SimulatedScene scene)
    {
        string nonce = $"{scene.World.Chance.Next():x16}{scene.World.Chance.Next():x16}";
        LedgerOpening opening = await Ledger.OpenAsync(scene.Folder, new LedgerKeys(""), SimulatedScene.JobName, nonce, scene.World.Time, new(), CancellationToken.None);
        await using Ledger ledger = ((LedgerOpening.Leads)opening).Ledger;
        await ledger.PruneAsync(CancellationToken.None);
        SnapshotCleaner cleaner = new(scene.Folder, ledger.Keys);
        await cleaner.ResumeAsync(ledger, CancellationToken.None);
        Garbage garbage = await FindAsync(scene, ledger);
        if (garbage.Files.Count > 0)
        {
            scene.World.Reach("the offline collection found something");
            await ledger.AppendAsync([new LedgerEvent.Doomed([], [.. garbage.Files.Select(static f => f.Key)])], CancellationToken.None);
            await cleaner.ResumeAsync(ledger, CancellationToken.None);
        }

        Garbage left = await FindAsync(scene, ledger);
        if (left.Files.Count > 0 || left.Strangers.Count > 0)
            throw new SimulationException($"the offline collection has left {string.Join(", ", left.Files.Select(static f => f.Key).Concat(left.Strangers))}");
        await scene.Audit.CheckAsync();
    }

    static async Task<Garbage> FindAsync(SimulatedScene scene, Ledger ledger) =>
        await Garbage.FindAsync(scene.Folder, ledger.State, ledger.Claim.Term - 1, ledger.Claim.Term, CancellationToken.None);
}
