using Millrace.State.Snapshots;
using Millrace.Testing.Simulation;

namespace Millrace.Simulation;

/// <summary>Compares the state in a checkpoint with what follows from the records that its sources had read.</summary>
static class StateComparison
{
    /// <returns>Whether there was anything to compare: not with records in flight, nor before all splits are dealt out.</returns>
    /// <exception cref="SimulationException">The state is another.</exception>
    public static async Task<bool> CheckAsync(SnapshotReader checkpoint, IEnumerable<IPiece> pieces, IEnumerable<Reading> input)
    {
        SnapshotManifest manifest = checkpoint.Manifest;
        if (manifest.Operators.Any(static o => o.States.Any(static s => s.Schema.Layout == StateLayout.InFlight && s.Runs.Count > 0))) return false;
        // Once everything was read all windows and timers may have fired, at whatever event time.
        if (Positions.Of(manifest) is not { Count: > 0 } positions) return false;
        Reading[] read = [.. input.Where(r => !positions.TryGetValue((r.Source, r.Split), out int next) || r.Index < next)];
        bool any = false;
        foreach (IPiece piece in pieces)
        {
            // Instances that have finished have handed out what they had.
            if (piece.Operators.Any(id => manifest.Operators.FirstOrDefault(o => o.Id == id) is not { Finished: 0, States.Count: > 0 })) continue;
            await piece.CheckStateAsync(checkpoint, read);
            any = true;
        }

        return any;
    }
}
