using System.Runtime.CompilerServices;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>
/// Steps of <see cref="LedgerMachine"/> in an exploration. It is a pure function and works on real bytes, which cost time: what it said once it need
/// not say again. Knows every entry that was ever written, and what follows from each.
/// </summary>
/// <param name="step">The real step, or one from which a rule was taken out.</param>
sealed class ExploredLeader(Func<LeaderState, LedgerReply, int, LeaderState> step)
{
    // Leaders come from steps that are remembered, so the same one comes again and again.
    static readonly ConditionalWeakTable<LeaderState, StrongBox<UInt128>> s_keys = [];
    static readonly DateTimeOffset Day = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    readonly Dictionary<(UInt128 Leader, UInt128 Said), LeaderState> _steps = [];
    readonly Dictionary<(UInt128 Leader, UInt128 Events), LeaderState> _appends = [];
    readonly Dictionary<string, LedgerEntry> _entries = [];
    readonly Dictionary<string, LedgerState> _wholes = [];

    /// <summary>Tells leaders apart that differ: the history behind the tip follows from its hash.</summary>
    public static UInt128 KeyOf(LeaderState leader) => s_keys.GetValue(leader, static l => new(Fingerprints.Of(Text(l)))).Value;

    /// <summary>The fingerprint of a reply without bytes.</summary>
    public static UInt128 Said(string reply) => Fingerprints.Of(reply);

    /// <summary>What follows from a reply to process <paramref name="i"/>.</summary>
    public LeaderState Step(LeaderState leader, LedgerReply reply, UInt128 said, int i)
    {
        (UInt128, UInt128) key = (KeyOf(leader), Fingerprints.Mix(said, i));
        if (!_steps.TryGetValue(key, out LeaderState? next)) _steps.Add(key, next = step(leader, reply, i));
        if (next.Phase is LeaderPhase.Appending { Entry: var entry }) _entries[entry.Sha256] = entry.Entry;
        return next;
    }

    /// <summary>Begins an entry.</summary>
    /// <param name="leader">Leading.</param>
    /// <param name="events">Its events.</param>
    /// <param name="what">Tells entries of the same leader apart.</param>
    public LeaderState Append(LeaderState leader, IReadOnlyList<LedgerEvent> events, UInt128 what)
    {
        if (!_appends.TryGetValue((KeyOf(leader), what), out LeaderState? next)) _appends.Add((KeyOf(leader), what), next = LedgerMachine.Append(leader, events, Day));
        if (next.Phase is LeaderPhase.Appending { Entry: var entry }) _entries[entry.Sha256] = entry.Entry;
        return next;
    }

    /// <summary>The entries up to one, newest first, over all terms.</summary>
    public IEnumerable<LedgerEntry> History(string tip)
    {
        for (string at = tip; at != LedgerEntry.None; at = _entries[at].Previous) yield return _entries[at];
    }

    /// <summary>Whether one entry is in the history of another, or is it.</summary>
    public bool IsAncestor(string older, string newer)
    {
        for (string at = newer; at != LedgerEntry.None; at = _entries[at].Previous)
        {
            if (at == older) return true;
        }

        return false;
    }

    /// <summary>What follows from all entries up to one, whatever the first entries of terms carry.</summary>
    public LedgerState Whole(string tip, string job)
    {
        if (tip == LedgerEntry.None) return LedgerFold.NewJob(job);
        if (_wholes.TryGetValue(tip, out LedgerState? whole)) return whole;
        LedgerEntry entry = _entries[tip];
        LedgerState before = Whole(entry.Previous, job);
        LedgerPosition? accepted = entry.Previous == LedgerEntry.None ? null : new(_entries[entry.Previous].Term, _entries[entry.Previous].Sequence, entry.Previous);
        whole = entry.Sequence == 0 ? LedgerFold.HandOver(before, accepted) : LedgerFold.Apply(before, entry);
        _wholes.Add(tip, whole);
        return whole;
    }

    /// <summary>What a leader has forgotten of the history it stands on; null for nothing.</summary>
    public string? Forgotten(LeaderState leader)
    {
        LedgerState whole = Whole(leader.Tip!.Sha256, leader.Job.Job), known = leader.Job;
        bool isSame<T>(Func<LedgerState, IEnumerable<T>> of) => of(whole).SequenceEqual(of(known));
        return !isSame(static s => s.Owed.Select(TransactionName.Of)) ? "what sinks are owed"
            : !isSame(static s => s.Retained.Select(static r => r.Snapshot)) ? "which checkpoints are retained"
            : !isSame(static s => s.Pins) ? "which snapshots are pinned"
            : !isSame(static s => s.Savepoints) ? "which savepoints were taken"
            : !isSame(static s => s.Doomed) ? "what is doomed"
            : !isSame(static s => s.Superseded) ? "which entries are to be deleted"
            : whole.Timeline != known.Timeline || whole.NextCheckpoint != known.NextCheckpoint || whole.Attempt != known.Attempt ? "the line of history"
            : whole.Phase != known.Phase || whole.Stop != known.Stop ? "where the job is in its life"
            : null;
    }

    static string Text(LeaderState leader) => $"{leader.Term}/{leader.Claim?.Leader}{leader.Claim?.Nonce[^2..]}/{leader.Seen}/{leader.Tip?.Sha256}/{leader.Hint.Term}.{leader.Hint.Sequence}/" + leader.Phase switch
    {
        LeaderPhase.Finding f => $"f{f.Search.Low},{f.Search.High},{f.Search.Step},{f.Search.Hint}",
        LeaderPhase.Walking w => $"w{w.Term}",
        LeaderPhase.Appending a => $"a{a.Entry.Sha256}",
        LeaderPhase.ComparingEntry c => $"c{c.Entry.Sha256}",
        LeaderPhase.Missing m => $"m{m.Entry.Sha256}",
        LeaderPhase.LookingAgain l => $"l{l.Doubt}",
        LeaderPhase.Doubting d => $"d{d.Because}",
        LeaderPhase.Checking k => $"k{k.Entry?.Sha256}",
        var phase => phase.GetType().Name,
    };
}
