using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>When a process last asked whether the leader is alive, and what it was told.</summary>
/// <param name="Term">The leader's term.</param>
/// <param name="IsAlive">The answer.</param>
sealed record LeaderLook(long Term, bool IsAlive);

/// <summary>Sees who claims which term, and that nobody claims one over a leader it can reach. Used by the thread of the world.</summary>
sealed class TakeoverWatch(SimulatedScene scene)
{
    readonly SortedDictionary<long, SimulatedLife> _claims = [];

    /// <summary>The process that claimed a term; null for nobody.</summary>
    public SimulatedLife? LeaderOf(long term) => _claims.GetValueOrDefault(term);

    /// <summary>A process has created something.</summary>
    public void OnCreated(SimulatedLife life, string key)
    {
        const string Terms = $"{SimulatedScene.JobName}/terms/";
        if (!key.StartsWith(Terms, StringComparison.Ordinal) || !long.TryParse(key.AsSpan(Terms.Length), out long term)) return;
        if (LeaderOf(term - 1) is { } before && before != life)
        {
            RequireUnreachable(life, before, term);
            Note(life, before);
        }

        _claims[term] = life;
    }

    /// <summary>A live leader that can be reached is worked for, or left alone, unless that very leader could not be reached when it was asked.</summary>
    void RequireUnreachable(SimulatedLife life, SimulatedLife before, long term)
    {
        if (!before.IsReachableLeader || (life.LastLook is { IsAlive: false } look && look.Term == term - 1)) return;
        scene.World.Found ??= new SimulationException($"{life.Process.Name} has claimed term {term} though {before.Process.Name} leads term {term - 1}, is alive, and can be reached");
    }

    void Note(SimulatedLife life, SimulatedLife before)
    {
        if (!before.Process.IsDead && before.Options.Effects.Last.Contains(SnapshotKeys.ManifestName, StringComparison.Ordinal)) scene.World.Reach("a takeover during publish");
        if (life.Options.Version > before.Options.Version) scene.World.Reach("a newer version took over");
        // The store is in memory: this does not wait for anything.
        if (scene.StateAsync().GetAwaiter().GetResult() is not { } state) return;
        if (state.Owed.Count > 0 && life.Options.Parallelism != before.Options.Parallelism) scene.World.Reach("a sink's commit was pending across a rescale");
        if (state is { Phase: JobPhase.Stopped, Latest.IsDrained: true }) scene.World.Reach("a drained job was started again");
        if (state.Pins.Any(static p => p.Reason == SimulatedScenario.PinReason)) scene.World.Reach("a takeover with a pinned checkpoint");
    }
}
