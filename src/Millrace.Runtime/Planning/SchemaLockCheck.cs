using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.Runtime.Planning;

/// <summary>How a program compares with its lock.</summary>
public enum SchemaLockVerdict
{
    /// <summary>The lock says what the program declares.</summary>
    Same,

    /// <summary>State as the lock says would be restored, and the program declares another: the lock is to be written anew.</summary>
    Outdated,

    /// <summary>State as the lock says would not be restored.</summary>
    Refused,
}

/// <summary>Compares a program with the lock that an earlier version of it left. Pure.</summary>
/// <param name="Verdict">What it comes to.</param>
/// <param name="Lines">What differs, by state, and by what sinks prepare.</param>
public sealed record SchemaLockCheck(SchemaLockVerdict Verdict, IReadOnlyList<UpgradeLine> Lines)
{
    /// <summary>Compares.</summary>
    /// <param name="written">The lock.</param>
    /// <param name="program">The program's lock as it would be written now.</param>
    /// <param name="declared">The program.</param>
    public static SchemaLockCheck Of(SchemaLock written, SchemaLock program, IReadOnlyList<ProgramOperator> declared)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(declared);
        UpgradeLine[] lines =
        [
            .. from op in written.Operators
               from state in op.States
               let line = Fate(op.Id, state, declared.FirstOrDefault(d => d.Id == op.Id))
               where line.Fate != StateFate.Matched
               select line,
            .. from op in written.Operators
               where op.Prepared is not null
               let line = Prepared(op.Id, op.Prepared!, declared.FirstOrDefault(d => d.Id == op.Id))
               where line.Fate != StateFate.Matched
               select line,
            .. from op in program.Operators
               from state in op.States
               where !written.Operators.Any(w => w.Id == op.Id && w.States.Any(s => s.Name == state.Name))
               select new UpgradeLine(op.Id, state.Name, StateFate.New, $"{state.Kind}, which the lock does not have"),
            .. from op in program.Operators
               where op.Prepared is not null && !written.Operators.Any(w => w.Id == op.Id && w.Prepared is not null)
               select new UpgradeLine(op.Id, SchemaLock.Prepared, StateFate.New, "the transactions that it prepares, which the lock does not have"),
        ];
        SchemaLockVerdict verdict = lines.Any(static l => l.IsRefused) ? SchemaLockVerdict.Refused
            : written.Text == program.Text ? SchemaLockVerdict.Same
            : SchemaLockVerdict.Outdated;
        return new(verdict, lines);
    }

    static UpgradeLine Fate(string id, StateSchema state, ProgramOperator? target)
    {
        if (target is null) return new(id, state.Name, StateFate.Unmatched, $"the program has no operator '{id}' any more: give it that id again, or write the lock anew if its state is to be given up or renamed at the start");
        if ((state.Layout == StateLayout.InFlight ? target.InFlight : target.States.FirstOrDefault(s => s.Name == state.Name)) is not { } declared)
        {
            // Records are on their way only in checkpoints, and a program need not read by key for ever.
            return new(id, state.Name, state.Layout == StateLayout.InFlight ? StateFate.Changed : StateFate.Unmatched,
                $"operator '{id}' does not declare it any more: declare it again, or write the lock anew if it is to be given up at the start");
        }

        SchemaResolution resolution = StateResolver.Resolve(state, declared);
        if (!resolution.IsCompatible) return new(id, state.Name, StateFate.Incompatible, string.Join("; ", resolution.Problems));
        string[] changes = UpgradePlan.Changes(resolution, state, declared);
        return new(id, state.Name, changes.Length == 0 ? StateFate.Matched : StateFate.Changed, string.Join("; ", changes));
    }

    /// <summary>What a sink is owed is committed before anything else at a start, so it must be read, or be owed no more.</summary>
    static UpgradeLine Prepared(string id, TypeSchema written, ProgramOperator? target)
    {
        const string committed = "stop the job with the program that prepared them, which commits what is owed, and write the lock anew";
        if (target?.Prepared is not { } declared)
        {
            string gone = target is null ? $"the program has no sink '{id}' any more: give it that id again" : $"operator '{id}' is no transactional sink any more: make it one again";
            return new(id, SchemaLock.Prepared, StateFate.Unmatched, $"{gone}, or {committed}");
        }

        SchemaResolution resolution = StateResolver.ResolvePrepared(written, declared);
        if (!resolution.IsCompatible)
            return new(id, SchemaLock.Prepared, StateFate.Incompatible, $"transactions that are owed could not be committed: {string.Join("; ", resolution.Problems)}; or {committed}");
        return new(id, SchemaLock.Prepared, resolution.Changes.Count == 0 ? StateFate.Matched : StateFate.Changed, string.Join("; ", resolution.Changes));
    }
}
