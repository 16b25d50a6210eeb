using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>When a process last asked whether the leader is alive, and what it was told.</summary>
/// <param name="At">When it began to ask.</param>
/// <param name="Term">The leader's term.</param>
/// <param name="IsAlive">The answer.</param>
sealed record LeaderLook(long At, long Term, bool IsAlive);

/// <summary>Sees who claims which term, and that nobody claims one over a leader it can reach. Used by the thread of the world.</summary>
sealed class TakeoverWatch(SimulatedScene scene)
{
    readonly SortedDictionary<long, (SimulatedLife Life, long At)> _claims = [];

    /// <summary>The process that claimed a term; null for nobody.</summary>
    public SimulatedLife? LeaderOf(long term) => _claims.TryGetValue(term, out (SimulatedLife Life, long At) claim) ? claim.Life : null;

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

        _claims[term] = (life, scene.World.Now);
    }

    /// <summary>A live leader that can be reached is worked for, or left alone. Whoever looked before there was one may still be quicker: that is a race.</summary>
    void RequireUnreachable(SimulatedLife life, SimulatedLife before, long term)
    {
        if (!before.IsReachableLeader) return;
        bool hasRaced = life.LastLook is { } look ? look.Term < term - 1 : _claims[term - 1].At >= life.StartedAt;
        if (hasRaced) scene.World.Reach("two processes raced for a job that nobody led");
        else if (life.LastLook is not { IsAlive: false })
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
