using Millrace.State.Snapshots;

namespace Millrace.State.Offline;

/// <content>State of other snapshots. What is not copied is left out.</content>
public sealed partial class SavepointBuilder
{
    readonly List<CopiedInput> _inputs = [];

    /// <summary>
    /// Copies all of an operator: its states as they are, records on their way to it, event time, positions of a source, transactions that a sink is owed.
    /// </summary>
    /// <param name="source">The snapshot.</param>
    /// <param name="operatorId">The operator.</param>
    /// <param name="newId">What it is called in the savepoint; null for the same.</param>
    /// <param name="except">States that are left out, so that they can be added otherwise, or not at all; <c>in-flight</c> for the records on their way.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">The snapshot has no such operator, or the savepoint has one of its states already.</exception>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged.</exception>
    public async ValueTask CopyOperatorAsync(
        StateSnapshot source, string operatorId, string? newId = null, IReadOnlyCollection<string>? except = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        OperatorEntry entry = source.Manifest.Operators.FirstOrDefault(o => o.Id == operatorId)
            ?? throw new ArgumentException($"Snapshot {source.Manifest.Id} has no operator '{operatorId}'. It has: {string.Join(", ", source.Manifest.Operators.Select(static o => o.Id))}", nameof(operatorId));
        string id = newId ?? operatorId;
        DraftedOperator owner = OperatorOf(id);
        owner.Copied = entry with { States = [] };
        foreach (StateEntry state in entry.States.Where(s => except?.Contains(s.Schema.Name) != true))
        {
            await CopyStateAsync(source, operatorId, state.Schema.Name, id, null, null, cancellationToken).ConfigureAwait(false);
        }

        if (except?.Contains(CopiedInput.StateName) == true) InputOf(source, operatorId).IsGivenUp = true;
        _owed.AddRange(source.Manifest.Owed.Where(o => o.Operator == operatorId).Select(o => o with { Operator = id }));
        _isDrained |= source.Manifest.IsDrained;
    }

    /// <summary>
    /// Says that records on their way to an operator in an unaligned checkpoint are left out, although state of it is copied: no source whose position is copied reads them again.
    /// Without it <see cref="CompleteAsync"/> refuses to lose them. Savepoints have none.
    /// </summary>
    /// <param name="source">The snapshot.</param>
    /// <param name="operatorId">The operator.</param>
    public void GiveUpInFlight(StateSnapshot source, string operatorId)
    {
        ArgumentNullException.ThrowIfNull(source);
        InputOf(source, operatorId).IsGivenUp = true;
    }

    /// <summary>Copies a state, with its rows changed if so asked. What was over at the snapshot by its TTL is left out.</summary>
    /// <param name="source">The snapshot.</param>
    /// <param name="operatorId">The operator.</param>
    /// <param name="stateName">The name of the state.</param>
    /// <param name="newOperatorId">The operator that has it in the savepoint; null for the same.</param>
    /// <param name="newStateName">What it is called in the savepoint; null for the same.</param>
    /// <param name="change">
    /// Told of every row as it is stored (<c>docs/FORMATS.md</c>, section "Rows of state"): <c>key</c>, <c>sub</c> where there is one, <c>value</c>. Returns the row to write,
    /// with another key or value of the same types (<see cref="StateValue.Row.With"/>), or null for none. Null to copy the rows as they are. State with a TTL keeps the times of
    /// its last renewals, by position in a list; elements that are added there have the latest of their row.
    /// </param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="ArgumentException">The snapshot has no such state, it has no rows with keys to change, or the savepoint has it already.</exception>
    /// <exception cref="SavepointRowException">Two rows have one key after the change.</exception>
    /// <exception cref="Codecs.UnencodableValueException">A changed row is not of the types of the state.</exception>
    /// <exception cref="SnapshotCorruptException">The snapshot is damaged.</exception>
    public async ValueTask CopyStateAsync(
        StateSnapshot source, string operatorId, string stateName, string? newOperatorId = null, string? newStateName = null, Func<StateValue.Row, StateValue.Row?>? change = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        StateEntry state = source.Reader.State(operatorId, stateName);
        StateSchema schema = state.Schema with { Name = newStateName ?? stateName };
        string id = newOperatorId ?? operatorId;
        _id = Math.Max(_id, source.Manifest.Id);
        CopiedInput input = InputOf(source, operatorId);
        if (schema.Layout == StateLayout.InFlight) input.IsCopied = true;
        if (change is not null && schema.Key is null) throw new ArgumentException($"State '{stateName}' of operator '{operatorId}' has no rows with keys; it can only be copied as it is.", nameof(change));
        if (schema.Layout is not (StateLayout.Keyed or StateLayout.InFlight))
        {
            StateOf(id, schema);
            List<DraftedState> states = OperatorOf(id).States;
            states[^1] = states[^1] with { Items = state.Items };
            return;
        }

        // What was over stays over: in the savepoint event time may stand elsewhere.
        await using LivingRows rows = await LivingRows.OpenAsync(source.Reader, operatorId, stateName, KeyRange.Full, key: null, keepsExpired: false, tally: null, cancellationToken).ConfigureAwait(false);
        if (change is null)
        {
            DraftedState copy = StateOf(id, schema);
            // The rows come in the order in which they are written.
            WrittenRun run = await _packs.WriteAsync(id, schema, 1, w => CopyAsync(rows, w, cancellationToken), cancellationToken).ConfigureAwait(false);
            if (run.Run.Pack != RunEntry.Nowhere) copy.Runs.Add(run);
            return;
        }

        using RowSorter sorter = Begin(id, schema);
        ChangedRows changed = new(state.Schema, source.Columns(operatorId, stateName), change, sorter);
        while (await rows.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            while (rows.MoveNext())
            {
                changed.Add(rows.StoredRow);
                if (sorter.IsFull) await sorter.SpillAsync(cancellationToken).ConfigureAwait(false);
            }
        }

        await sorter.EndAsync(cancellationToken).ConfigureAwait(false);
        input.IsReKeyed |= changed.IsReKeyed;
    }

    CopiedInput InputOf(StateSnapshot source, string operatorId)
    {
        CopiedInput? input = _inputs.Find(i => i.Source == source && i.OperatorId == operatorId);
        if (input is null) _inputs.Add(input = new(source, operatorId));
        return input;
    }

    static async ValueTask CopyAsync(LivingRows rows, RunWriter run, CancellationToken cancellationToken)
    {
        while (await rows.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
        {
            while (rows.MoveNext())
            {
                RunRow row = rows.StoredRow;
                run.Add(row.Hash, row.Key, row.Sub, row.Value);
                if (run.NeedsFlush) await run.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}

/// <summary>Rows on their way through a change.</summary>
sealed class ChangedRows(StateSchema schema, StateColumns columns, Func<StateValue.Row, StateValue.Row?> change, RowSorter sorter)
{
    readonly RowNames _names = new(columns.Sub is null ? ["key", "value"] : ["key", "sub", "value"], null, isTuple: false);

    /// <summary>Whether a row was given another key.</summary>
    public bool IsReKeyed { get; private set; }

    public void Add(in RunRow row)
    {
        StateValue key = columns.Key!.Decode(row.Key), value = columns.Value.Decode(RowStamps.ValueOf(schema, row.Value));
        StateValue.Row was = new(_names, columns.Sub is null ? [key, value] : [key, columns.Sub.Decode(row.Sub), value]);
        if (change(was) is not { } isNow) return;
        StateValue newKey = isNow["key"];
        IsReKeyed |= !newKey.Equals(key);
        byte[] sub = columns.Sub is null ? [] : columns.Sub.EncodeKey(isNow["sub"]);
        sorter.Add(columns.Key.Hash(newKey), columns.Key.EncodeKey(newKey), sub, RowStamps.Carry(schema, row.Value, columns.Value.Encode(isNow["value"])));
    }
}

/// <summary>The records on their way to an operator of which state was copied.</summary>
sealed class CopiedInput(StateSnapshot source, string operatorId)
{
    /// <summary>The state that they are.</summary>
    public const string StateName = "in-flight";

    public StateSnapshot Source => source;

    public string OperatorId => operatorId;

    public bool IsCopied { get; set; }

    public bool IsGivenUp { get; set; }

    /// <summary>Whether state of the operator has other keys now.</summary>
    public bool IsReKeyed { get; set; }

    /// <summary>Makes sure that none is lost unawares, and none comes to the wrong instance.</summary>
    /// <exception cref="SavepointRowException">It would.</exception>
    public void Require()
    {
        long records = source.Manifest.Operators.Where(o => o.Id == operatorId).SelectMany(static o => o.States).Where(static s => s.Schema.Layout == StateLayout.InFlight).SelectMany(static s => s.Runs).Sum(static r => r.Rows);
        if (records == 0 || (IsGivenUp && !IsCopied)) return;
        string what = $"{records:N0} records were on their way to operator '{operatorId}' in snapshot {source.Manifest.Id}";
        const string cures = "or leave them out with GiveUpInFlight; or copy from a savepoint, which has none";
        if (!IsCopied) throw new SavepointRowException($"{what}, and no source reads them again: copy them as well, as the state '{StateName}'; {cures}.");
        if (IsReKeyed) throw new SavepointRowException($"{what}, where the keys that they had put them, and state of it was given other keys: leave out the state '{StateName}' with GiveUpInFlight; or copy from a savepoint, which has none.");
    }
}
