using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Testing.Simulation;

/// <summary>What a process was told when it last asked after the leader.</summary>
/// <param name="Term">The leader's term.</param>
/// <param name="Answer">The answer.</param>
sealed record LeaderLook(long Term, LeaderAnswer Answer);

/// <summary>
/// Sees who claims which term: nobody does over a leader that it can reach, nor over one that does not answer unless it has seen for long enough
/// that nothing was written. Used by the thread of the world.
/// </summary>
sealed class TakeoverWatch(SimulatedScene scene)
{
    const string Terms = $"{SimulatedScene.JobName}/terms/", Entries = $"{SimulatedScene.JobName}/ledger/";

    readonly SortedDictionary<long, SimulatedLife> _claims = [];
    readonly Dictionary<SimulatedLife, SeenSilence> _silences = [];
    readonly HashSet<long> _ended = [];

    /// <summary>The process that claimed a term; null for nobody.</summary>
    public SimulatedLife? LeaderOf(long term) => _claims.GetValueOrDefault(term);

    /// <summary>A process has created something.</summary>
    public void OnCreated(SimulatedLife life, string key)
    {
        if (TermOfEntry(key) is { } written)
        {
            foreach (SeenSilence silence in _silences.Values) silence.OnWritten(written);
            if (IsEnd(key)) _ended.Add(written);
        }

        if (!key.StartsWith(Terms, StringComparison.Ordinal) || !long.TryParse(key.AsSpan(Terms.Length), out long term)) return;
        if (LeaderOf(term - 1) is { } before && before != life)
        {
            RequireUnreachable(life, before, term);
            RequirePatience(life, before, term);
            Note(life, before);
        }

        _claims[term] = life;
    }

    /// <summary>A process has looked for an entry of the ledger, and there was none.</summary>
    public void OnMissed(SimulatedLife life, string key)
    {
        if (TermOfEntry(key) is not { } term) return;
        if (!_silences.TryGetValue(life, out SeenSilence? silence)) _silences.Add(life, silence = new());
        silence.OnMissed(term, scene.World.Now);
    }

    /// <summary>A process was told something about the leader.</summary>
    public void OnAnswered(SimulatedLife life, LeaderAnswer answer)
    {
        if (answer.IsAlive) _silences.Remove(life);
    }

    bool IsEnd(string key)
    {
        // The store is in memory: this does not wait for anything.
        byte[] bytes = scene.Store.TryGetAsync(key, CancellationToken.None).AsTask().Result!;
        return LedgerEntry.Read(key, bytes).Events.Any(static e => e is LedgerEvent.Interrupted or LedgerEvent.Failed or LedgerEvent.Stopped or LedgerEvent.Cancelled or LedgerEvent.Finished);
    }

    static long? TermOfEntry(string key)
    {
        if (!key.StartsWith(Entries, StringComparison.Ordinal)) return null;
        ReadOnlySpan<char> rest = key.AsSpan(Entries.Length);
        return rest.IndexOf('/') is > 0 and var end && long.TryParse(rest[..end], out long term) ? term : null;
    }

    /// <summary>A live leader that can be reached is worked for, or left alone, unless that very leader could not be reached when it was asked.</summary>
    void RequireUnreachable(SimulatedLife life, SimulatedLife before, long term)
    {
        if (!before.IsReachableLeader || (life.LastLook is { Answer.IsAlive: false } look && look.Term == term - 1)) return;
        scene.World.Found ??= new SimulationException($"{life.Process.Name} has claimed term {term} though {before.Process.Name} leads term {term - 1}, is alive, and can be reached");
    }

    /// <summary>A leader that does not answer is given its time, unless it has recorded an end.</summary>
    void RequirePatience(SimulatedLife life, SimulatedLife before, long term)
    {
        if (life.LastLook is not { Answer: LeaderAnswer.Silent } look || look.Term != term - 1) return;
        TimeSpan seen = TimeSpan.FromTicks(_silences.GetValueOrDefault(life)?.Longest(term - 1) ?? 0);
        if (seen >= life.Options.TakeoverAfter || _ended.Contains(term - 1)) return;
        scene.World.Found ??= new SimulationException(
            $"{life.Process.Name} has claimed term {term} though {before.Process.Name}, which does not answer, was seen to write nothing for {seen} only, and not for {life.Options.TakeoverAfter}");
    }

    void Note(SimulatedLife life, SimulatedLife before)
    {
        if (life.Options.IsStandby && life.LastLook is not null)
        {
            scene.World.Reach("a standby took over");
            if (_claims.Values.Contains(life)) scene.World.Reach("a fenced leader waited and led again");
            if (life.LastLook.Answer is LeaderAnswer.Silent) scene.World.Reach("a leader that did not answer was given its time, and then replaced");
        }

        if (!before.Process.IsDead && before.Options.Effects.Last.Contains(SnapshotKeys.ManifestName, StringComparison.Ordinal)) scene.World.Reach("a takeover during publish");
        if (life.Options.Version > before.Options.Version) scene.World.Reach("a newer version took over");
        // The store is in memory: this does not wait for anything.
        if (scene.StateAsync().GetAwaiter().GetResult() is not { } state) return;
        if (state.Owed.Count > 0 && life.Options.Parallelism != before.Options.Parallelism) scene.World.Reach("a sink's commit was pending across a rescale");
        if (state is { Phase: JobPhase.Stopped, Latest.IsDrained: true }) scene.World.Reach("a drained job was started again");
        if (state.Pins.Any(static p => p.Reason == SimulatedScenario.PinReason)) scene.World.Reach("a takeover with a pinned checkpoint");
    }

    /// <summary>How long a process has seen that nothing was written in a term, from one look to a later one.</summary>
    sealed class SeenSilence
    {
        long _term, _longest;
        (long First, long Last)? _now;

        public void OnMissed(long term, long at)
        {
            if (term < _term) return;
            if (term > _term) (_term, _longest, _now) = (term, 0, null);
            _now = (_now?.First ?? at, at);
        }

        public void OnWritten(long term)
        {
            if (term != _term) return;
            _longest = Longest(term);
            _now = null;
        }

        public long Longest(long term) => term == _term ? Math.Max(_longest, _now is { } now ? now.Last - now.First : 0) : 0;
    }
}
