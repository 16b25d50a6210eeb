using Millrace.Runtime.Checkpoints;
using Millrace.Runtime.Planning;
using Millrace.State.Snapshots;
using Millrace.Storage;

namespace Millrace.Runtime.Durable;

/// <summary>What a start came to.</summary>
/// <param name="Ledger">The ledger, led by this process; null when there is nothing to run.</param>
/// <param name="From">What to restore; null to begin without state.</param>
/// <param name="Ended">Why there is nothing to run; null when there is.</param>
sealed record StartOutcome(Ledger? Ledger, RestorePoint? From, string? Ended);

/// <summary>
/// Starts a durable job: reads its ledger, decides, compares the snapshot with the program, and only then leads. Everything that can be
/// refused is refused before anybody is fenced. Used once.
/// </summary>
sealed class JobStart : IDisposable
{
    const int LookRoundsMax = 5;

    readonly JobGraph _graph;
    readonly EmbeddedOptions _options;
    readonly DurableOptions _durable;
    readonly IReadOnlyList<ProgramOperator> _operators;
    readonly LedgerKeys _keys = new("");
    readonly LedgerOptions _ledgerOptions;
    readonly SnapshotFinder _finder;
    readonly SavepointClaim _claim;
    readonly CheckpointLoan _loan;
    readonly Afterwards _afterwards;
    readonly LeaderWatch _watch;
    readonly List<SnapshotReference> _damaged = [];
    bool _isOriginLost;

    public JobStart(JobGraph graph, PlanModel plan, EmbeddedOptions options, DurableOptions durable)
    {
        _graph = graph;
        _options = options;
        _durable = durable;
        _operators = ProgramStates.Of(graph, options);
        _ledgerOptions = new() { Leader = durable.Leader, Endpoint = durable.Endpoint, EntriesPerTerm = durable.EntriesPerTerm, Tell = durable.Tell };
        Folder = durable.Store.Under(plan.JobName);
        _finder = new(Folder, durable);
        _watch = durable.Watch ?? new(plan.JobName, durable, options.Time, options.Nonces);
        _claim = new(plan.JobName, durable.Store.Address, _finder, new(RetryPolicy.Default, options.Time, options.Nonces));
        _loan = new(plan.JobName, durable, options);
        _afterwards = new(options.Time);
        Program = new(
            plan.JobName, durable.Engine, ProgramStates.Fingerprint(_operators),
            _operators.ToDictionary(static o => o.Id, static o => o.Verb, StringComparer.Ordinal));
    }

    /// <summary>The folder of the job.</summary>
    public IObjectStore Folder { get; }

    /// <summary>What manifests say of the program.</summary>
    public ProgramDescription Program { get; }

    /// <summary>Starts.</summary>
    /// <exception cref="StartRefusedException">What was asked for cannot be done; nothing was changed.</exception>
    /// <exception cref="JobLedElsewhereException">Another process leads the job.</exception>
    public async Task<StartOutcome> BeginAsync(CancellationToken cancellationToken)
    {
        // Decided twice: before anybody is fenced, so that a refusal changes nothing; and on what this process then leads.
        (StartAction.AlreadyFinished? finished, LedgerView? seen) = await LookAsync(cancellationToken).ConfigureAwait(false);
        if (finished is not null && seen?.State.Borrowed is not { Count: > 0 }) return new(null, null, finished.Why);
        Ledger ledger = await LeadAsync(seen?.Claim.Term ?? 0, cancellationToken).ConfigureAwait(false);
        try
        {
            (StartAction action, RestorePoint? from) = await DecideLeadingAsync(ledger, Request, cancellationToken).ConfigureAwait(false);
            StartOutcome outcome = await TakeUpAsync(ledger, action, await BorrowAsync(ledger, action, from, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            _durable.TakenUp();
            return outcome;
        }
        catch
        {
            await ledger.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Looks at the job without any right to change it.</summary>
    /// <returns>Why there is nothing to run, null when there is; and what was seen, null for a new job.</returns>
    async Task<(StartAction.AlreadyFinished? Finished, LedgerView? Seen)> LookAsync(CancellationToken cancellationToken)
    {
        for (int round = 1; ; round++)
        {
            (LedgerView? view, bool isLed) = await _watch.LookAsync(cancellationToken).ConfigureAwait(false);
            if (isLed) throw new JobLedElsewhereException(view!.Claim);
            try
            {
                (StartAction action, RestorePoint? from) = await DecideAsync(view?.State, view?.Claim.Nonce, Request, cancellationToken).ConfigureAwait(false);
                if (from is not null) await from.DisposeAsync().ConfigureAwait(false);
                return (action as StartAction.AlreadyFinished, view);
            }
            catch (StartRefusedException) when (_damaged.Count > 0 || _isOriginLost)
            {
                // Somebody else may lead by now, and have deleted what was needed no longer.
                LedgerView? now = await ReadAsync(cancellationToken).ConfigureAwait(false);
                if (now is null || now.Tip == view?.Tip) throw;
                // A history that goes on and on has somebody who leads it.
                if (round == LookRoundsMax) throw new JobLedElsewhereException(now.Claim);
                _damaged.Clear();
                _isOriginLost = false;
            }
        }
    }

    ValueTask<LedgerView?> ReadAsync(CancellationToken cancellationToken) => ReadAsync(_ledgerOptions, cancellationToken);

    async ValueTask<LedgerView?> ReadAsync(LedgerOptions how, CancellationToken cancellationToken) =>
        await LedgerReader.ReadAsync(Folder, _keys, Program.Job, _options.Time, how, cancellationToken).ConfigureAwait(false) is { } view
            ? view with { State = Resolved(view.State) }
            : null;

    LedgerState Resolved(LedgerState state) => RecordedAddress.Resolve(state, _durable.StorageRoot);

    /// <summary>After a failure: commits what is owed, and finds what to go on from.</summary>
    /// <param name="ledger">The ledger.</param>
    /// <param name="damaged">The checkpoint that could not be restored; null when that was not what failed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What to restore; or the note of a stop that needed no tasks to be finished.</returns>
    public async Task<(RestorePoint? From, string? Stopped)> ResumeAsync(Ledger ledger, SnapshotReference? damaged, CancellationToken cancellationToken)
    {
        if (damaged is not null)
        {
            _durable.Tell($"checkpoint {damaged.Id} is damaged, as was found while it was restored; an older one is looked for");
            _damaged.Add(damaged);
        }

        // What was to be given up was, when the job was taken up: what is owed now was prepared since.
        await SettleAsync(ledger, [], cancellationToken).ConfigureAwait(false);
        StartRequest goOn = Request with { From = new StartFrom.Unsaid(), IsRewind = false };
        (StartAction action, RestorePoint? from) = await DecideLeadingAsync(ledger, goOn, cancellationToken).ConfigureAwait(false);
        return action is StartAction.FinishStop { ResumeFrom: null } stop
            ? (null, await FinishStopAsync(ledger, stop, cancellationToken).ConfigureAwait(false))
            : (from, null);
    }

    async Task AppendAsync(Ledger ledger, LedgerEvent e, CancellationToken cancellationToken) =>
        await ledger.AppendAsync(await EventLeavings.WithDoomedAsync(Folder, ledger, e, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    SavepointCopy Savepoints => new(Folder, _durable, _options.Nonces);

    StartRequest Request => new()
    {
        From = _durable.From,
        IsRewind = _durable.IsRewind,
        AcceptsDuplicates = _durable.AcceptsDuplicates,
        IsClaim = _durable.IsClaim,
        Drops = _durable.Drops,
        Fingerprint = Program.Fingerprint,
        Sinks = [.. _graph.Nodes.Select(static n => n.Id)],
        Damaged = [.. _damaged],
    };

    /// <summary>What this start would do, without doing it.</summary>
    public async Task<StartPlan> PlanAsync(CancellationToken cancellationToken)
    {
        LedgerOptions impatient = _ledgerOptions with { GiveUpAfter = LedgerOptions.Patience };
        LedgerView? view = await ReadAsync(impatient, cancellationToken).ConfigureAwait(false);
        try
        {
            (StartAction action, RestorePoint? from) = await FindAsync(view?.State, view?.Claim.Nonce, Request, cancellationToken).ConfigureAwait(false);
            if (action is StartAction.AlreadyFinished finished) return new(finished.Why, null, null, []);
            string sentence = action is StartAction.FinishStop { ResumeFrom: null } ? "the job was being stopped: what is left of that is done" : Sentence(action, from);
            // Without a snapshot there is nothing to drop or rename, and a start does not ask for it.
            if (view is null && from is null) sentence += $": the job was never started in {_durable.Store.Address}. If it has run before, look at the address of the storage and its name";
            if (from is null) return new(sentence, null, null, [.. UpgradePlan.Compare([], _operators, [], [], []), .. Owed(view?.State, from)]);
            await using (from.ConfigureAwait(false))
            {
                return new(sentence, DrainProblem(from, IsGoingOn(action)) ?? RepetitionProblem(action, from, view?.State, Request), from.Manifest, [.. Compare(from), .. Owed(view?.State, from)]);
            }
        }
        catch (StartRefusedException refused)
        {
            return new("the start is refused", refused.Message, null, []);
        }
        catch (Exception damage) when (SnapshotFinder.IsUnreadable(damage))
        {
            string address = view?.State.Origin is TimelineOrigin.Folder origin ? origin.Address : Folder.Address;
            return new("the start is refused", SnapshotFinder.Refusal(address, damage), null, []);
        }
    }

    async Task<(StartAction Action, RestorePoint? From)> DecideAsync(LedgerState? state, string? nonce, StartRequest request, CancellationToken cancellationToken)
    {
        state = state is null ? null : Resolved(state);
        (StartAction action, RestorePoint? from) = await FindAsync(state, nonce, request, cancellationToken).ConfigureAwait(false);
        try
        {
            if (action is not StartAction.AlreadyFinished) RequireFit(from, state, IsGoingOn(action));
            if (RepetitionProblem(action, from, state, request) is { } repeated) throw new StartRefusedException(repeated);
            return (action, from);
        }
        catch
        {
            if (from is not null) await from.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Decides on a history that this process leads. What looks damaged may only be gone because another leads by now.</summary>
    /// <exception cref="LedgerFencedException">Another process leads.</exception>
    async Task<(StartAction Action, RestorePoint? From)> DecideLeadingAsync(Ledger ledger, StartRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await DecideAsync(ledger.State, ledger.Claim.Nonce, request, cancellationToken).ConfigureAwait(false);
        }
        catch (StartRefusedException) when (_damaged.Count > 0 || _isOriginLost)
        {
            await ledger.CheckAsync(cancellationToken).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>What a start does, and what it restores, passing over checkpoints that are damaged.</summary>
    async Task<(StartAction Action, RestorePoint? From)> FindAsync(LedgerState? state, string? nonce, StartRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            StartAction action = StartDecision.Decide(state, request with { Damaged = [.. _damaged] });
            if (action is StartAction.Refuse refuse) throw new StartRefusedException(refuse.Why);
            SnapshotReference? own = OwnOf(action, state);
            try
            {
                RestorePoint? point = await OpenAsync(action, own, state, nonce, cancellationToken).ConfigureAwait(false);
                return (action, point is null ? null : Choose(action, point, state));
            }
            catch (Exception damage) when (own is null && RestoreFailedException.IsDamage(damage))
            {
                _isOriginLost = action is not StartAction.RestoreFrom;
                string address = action is StartAction.RestoreFrom there ? there.Address : ((TimelineOrigin.Folder)state!.Origin!).Address;
                throw new StartRefusedException(RestoreFailedException.Text(address, damage.Message, state));
            }
            catch (Exception damage) when (own is not null && RestoreFailedException.IsDamage(damage))
            {
                _durable.Tell($"checkpoint {own!.Id} is damaged: {damage.Message}");
                _damaged.Add(own);
            }
            catch (Exception damage) when (action is StartAction.RestoreFrom && SnapshotFinder.IsUnreadable(damage))
            {
                throw new StartRefusedException(SnapshotFinder.Refusal(((StartAction.RestoreFrom)action).Address, damage));
            }
        }
    }

    StateChoices Asked => StateChoices.Of(_durable);

    /// <summary>What is done to the state of a snapshot: what was asked for, unless the job goes on and it was done before the snapshot was taken.</summary>
    RestorePoint Choose(StartAction action, RestorePoint point, LedgerState? state)
    {
        IReadOnlyList<string> done = IsGoingOn(action) && point.Manifest.Job == Program.Job && point.Manifest.Timeline == state?.Timeline ? point.Manifest.Honoured : [];
        return point with { Choices = Asked.Without(done), Honoured = [.. done.Union(Asked.Words)] };
    }

    static SnapshotReference? OwnOf(StartAction action, LedgerState? state) => action switch
    {
        StartAction.Resume { Checkpoint: { } checkpoint } => checkpoint.Snapshot,
        StartAction.FinishStop { ResumeFrom.Checkpoint: { } checkpoint } => checkpoint.Snapshot,
        StartAction.RestoreOwn own => own.Checkpoint.Snapshot,
        StartAction.Resume or StartAction.FinishStop { ResumeFrom: not null } => (state?.Origin as TimelineOrigin.Own)?.Snapshot,
        _ => null,
    };

    async Task<RestorePoint?> OpenAsync(StartAction action, SnapshotReference? own, LedgerState? state, string? nonce, CancellationToken cancellationToken)
    {
        bool isResuming = action is StartAction.Resume or StartAction.FinishStop { ResumeFrom: not null };
        RestorePoint? from = own is not null ? await _finder.OpenAsync(own, cancellationToken).ConfigureAwait(false)
            : action is StartAction.RestoreFrom there ? await _finder.OpenAsync(there.Address, there.Sha256, cancellationToken).ConfigureAwait(false)
            : isResuming && state?.Origin is TimelineOrigin.Folder origin ? await OpenOriginAsync(origin, state, cancellationToken).ConfigureAwait(false)
            : null;
        if (from is null) return null;
        bool isElsewhere = action is StartAction.RestoreFrom;
        try
        {
            if (isElsewhere) await _loan.RequireAsync(from, nonce, cancellationToken).ConfigureAwait(false);
            if (action is StartAction.RestoreFrom { IsClaim: true }) await _claim.RequireAsync(from, cancellationToken).ConfigureAwait(false);
            // Missing and truncated packs are found before any task is deployed; damaged blocks as they are read.
            for (int pack = 0; pack < from.Manifest.Packs.Count; pack++) await from.Reader.OpenPackAsync(pack, cancellationToken).ConfigureAwait(false);
            return from;
        }
        catch (Exception failure)
        {
            await using (from.ConfigureAwait(false))
            {
                // What is missing may have been deleted by its job since it was asked.
                if (isElsewhere && failure is SnapshotCorruptException or ObjectMissingException) await _loan.RequireAsync(from, nonce, cancellationToken).ConfigureAwait(false);
                throw;
            }
        }
    }

    async Task<RestorePoint> OpenOriginAsync(TimelineOrigin.Folder origin, LedgerState state, CancellationToken cancellationToken)
    {
        if (await _finder.TryOpenAsync(origin.Address, origin.Sha256, cancellationToken).ConfigureAwait(false) is { } there) return there;
        // Or another process leads by now, has a checkpoint, and has deleted what it had claimed.
        _isOriginLost = true;
        throw new StartRefusedException(
            $"the job began with {origin.Address} and has no checkpoint since, and that folder is gone: bring it back, or start from something else, with --rewind. {StartDecision.Choices(state)}");
    }

    /// <summary>Before a task reads a checkpoint that belongs to a job, it is kept there: by that job, or by this one, whose own it may be.</summary>
    async Task<RestorePoint?> BorrowAsync(Ledger ledger, StartAction action, RestorePoint? from, CancellationToken cancellationToken)
    {
        if (action is not StartAction.RestoreFrom || from is null) return from;
        try
        {
            if (await _loan.TakeAsync(ledger, from, cancellationToken).ConfigureAwait(false) is not { } own) return from;
            RestorePoint kept = (await _finder.OpenAsync(own, cancellationToken).ConfigureAwait(false)) with { Choices = from.Choices, Honoured = from.Honoured };
            await from.DisposeAsync().ConfigureAwait(false);
            return kept;
        }
        catch
        {
            await from.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    IReadOnlyList<UpgradeLine> Compare(RestorePoint from)
    {
        HashSet<string> done = [.. Asked.Drops.Except(from.Choices.Drops), .. Asked.InFlightDrops.Except(from.Choices.InFlightDrops)];
        return
        [
            .. UpgradePlan.Compare(from.Manifest.Operators, _operators, from.Choices.Drops, from.Choices.Renames, from.Choices.InFlightDrops)
                .Select(line => line.IsRefused && (done.Contains(line.Operator) || done.Contains($"{line.Operator}/{line.State}"))
                    ? line with { Why = $"{line.Why}. The same was asked for and done before checkpoint {from.Manifest.Id} was taken, and is not done again by a command that is repeated: to give up what came since as well, add --from latest --rewind" }
                    : line),
        ];
    }

    /// <summary>
    /// What is owed must be readable by the sink that prepared it, because it is committed before anything else. What a snapshot names and the ledger does not owe
    /// was committed since, or is committed by the job that took it.
    /// </summary>
    UpgradeLine[] Owed(LedgerState? state, RestorePoint? point) =>
    [
        .. from owed in new OwedSinks(_graph).Unreadable(state?.Owed ?? [])
           where !StateChoices.For(point, _durable).Drops.Contains(owed.Operator)
           select new UpgradeLine(owed.Operator, SchemaLock.Prepared, StateFate.Incompatible,
               $"it owes transactions that this program cannot commit: {owed.Why}; or start the program that prepared them and stop it, which commits them; or give them up with --drop-state {owed.Operator}"),
    ];

    /// <summary>Compares the snapshot, and what is owed, with the program.</summary>
    void RequireFit(RestorePoint? from, LedgerState? state, bool isGoingOn)
    {
        UpgradeLine[] refused = [.. from is null ? [] : Compare(from).Where(static l => l.IsRefused), .. Owed(state, from)];
        if (refused.Length > 0)
        {
            string what = from is null ? "what the job owes" : $"checkpoint {from.Manifest.Id}";
            throw new StartRefusedException($"{what} does not fit the program:{string.Concat(refused.Select(static l => $"\n  {l.Operator}/{l.State}: {l.Why}"))}");
        }

        if (from is null) return;
        if (DrainProblem(from, isGoingOn) is { } drained) throw new StartRefusedException(drained);
    }

    static bool IsGoingOn(StartAction action) => action is StartAction.Resume or StartAction.FinishStop;

    // A line of history that goes on was drained by its own end, whose last steps are repeated, or was accepted when it began.
    string? DrainProblem(RestorePoint from, bool isGoingOn) => from.Manifest.IsDrained && !isGoingOn && !_durable.AcceptsDrained
        ? $"checkpoint {from.Manifest.Id} was drained: its windows and event timers have fired, so results after it would differ from those of a job that went on. Add --accept-drained to start from it all the same"
        : null;

    // Who says --rewind means to leave what was written since, and is told of it; who gives an older savepoint may not know that there is any.
    string? RepetitionProblem(StartAction action, RestorePoint? from, LedgerState? state, StartRequest request) =>
        action is StartAction.RestoreFrom && !request.IsRewind && from is not null && state is not null
            && from.Manifest.Job == Program.Job && from.Manifest.Timeline == state.Timeline
            ? StartDecision.Repetition(state, request, from.Manifest.Id)
            : null;

    /// <summary>Claims the next term, unless somebody has claimed one since it was looked whether anybody leads: that one may be alive (rule 3).</summary>
    async Task<Ledger> LeadAsync(long seen, CancellationToken cancellationToken) =>
        await Ledger.OpenAsync(Folder, _keys, Program.Job, _options.Nonces.NextName(), _options.Time, _ledgerOptions, cancellationToken, seen).ConfigureAwait(false) switch
        {
            LedgerOpening.Leads leads => leads.Ledger,
            LedgerOpening.Outrun outrun => throw new JobLedElsewhereException(outrun.Claim),
            var other => throw new System.Diagnostics.UnreachableException($"opened as {other}"),
        };

    /// <summary>Commits what is owed on the line of history that was, then goes on with it or begins another.</summary>
    async Task<StartOutcome> TakeUpAsync(Ledger ledger, StartAction action, RestorePoint? from, CancellationToken cancellationToken)
    {
        switch (action)
        {
            case StartAction.AlreadyFinished finished:
                // The process that finished it ended before the pins it had in other jobs.
                await _loan.ReturnAsync(ledger, cancellationToken).ConfigureAwait(false);
                await ledger.DisposeAsync().ConfigureAwait(false);
                return new(null, null, finished.Why);
            case StartAction.FinishStop { ResumeFrom: null } stop:
                string note = await FinishStopAsync(ledger, stop, cancellationToken).ConfigureAwait(false);
                await ledger.DisposeAsync().ConfigureAwait(false);
                return new(null, null, note);
        }

        await SettleAsync(ledger, StateChoices.For(from, _durable).Drops, cancellationToken).ConfigureAwait(false);
        await new SnapshotCleaner(Folder, _keys).ResumeAsync(ledger, cancellationToken).ConfigureAwait(false);
        await FinishGatheringAsync(ledger, cancellationToken).ConfigureAwait(false);
        if (action is StartAction.RestoreFrom { IsClaim: true }) await _claim.TakeAsync(from!, cancellationToken).ConfigureAwait(false);
        TimelineOrigin? origin = action switch
        {
            StartAction.Fresh => new TimelineOrigin.Nothing(),
            StartAction.RestoreOwn own => new TimelineOrigin.Own(own.Checkpoint.Snapshot),
            StartAction.RestoreFrom when from?.Own is { } kept => new TimelineOrigin.Own(kept),
            StartAction.RestoreFrom there => new TimelineOrigin.Folder(RecordedAddress.Of(there.Address, _durable.StorageRoot), ManifestJson.Sha256(from!.Reader.ManifestBytes.Span), there.IsClaim),
            _ => null,
        };
        if (origin is not null)
        {
            TellOfRepetition(ledger.State, from);
            LedgerEvent.TimelineBegun begun = new(_options.Nonces.NextName(), Request.Token, origin);
            await AppendAsync(ledger, begun, cancellationToken).ConfigureAwait(false);
        }

        Tell(action, from);
        if (from is not null && Asked.Words.Except(from.Choices.Words).ToArray() is { Length: > 0 } done)
            _durable.Tell($"{string.Join(", ", done)}: done when checkpoint {from.Manifest.Id} was taken, and not again; leave it out from now on, or add --from latest --rewind to do it anew");
        return new(ledger, from, null);
    }

    /// <summary>The tasks are deployed: pins in other jobs that earlier starts had and this one does not need are ended in the background.</summary>
    public void OnDeployed(Ledger ledger) => _afterwards.Run(cancellationToken => _loan.ReturnAsync(ledger, cancellationToken).AsTask());

    /// <summary>A checkpoint of the job's own was committed: what the job began with is not needed any more, and is let go in the background.</summary>
    public void OnCheckpoint(Ledger ledger) => _afterwards.Run(async cancellationToken =>
    {
        await ReleaseClaimAsync(ledger, cancellationToken).ConfigureAwait(false);
        await _loan.ReturnAsync(ledger, cancellationToken).ConfigureAwait(false);
    });

    /// <summary>Waits, for a few seconds, until what was begun in the background is done; a job that has ended for good needs nothing any more.</summary>
    public async Task CloseAsync(Ledger ledger)
    {
        if (!ledger.State.IsLive) OnDeployed(ledger);
        await _afterwards.CloseAsync().ConfigureAwait(false);
    }

    public void Dispose()
    {
        _afterwards.Dispose();
        _loan.Dispose();
    }

    async Task ReleaseClaimAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        try
        {
            int files = await _claim.ReleaseAsync(Resolved(ledger.State), cancellationToken).ConfigureAwait(false);
            if (files > 0) _durable.Tell($"the claimed savepoint was deleted: {files} files");
        }
        catch (Exception failure) when (failure is StoreUnavailableException or SnapshotCorruptException)
        {
            // The job does not need the folder; the next start tries again.
            _durable.Tell($"the claimed savepoint could not be deleted: {failure.Message}");
        }
    }

    /// <summary>Completes savepoints that an earlier process had committed and not gathered. One that cannot be stays pinned, and is told.</summary>
    async Task FinishGatheringAsync(Ledger ledger, CancellationToken cancellationToken)
    {
        foreach (SnapshotPin pin in ledger.State.Pins.Where(p => p.Reason == LedgerFold.Gathering && p.Snapshot != ledger.State.Stop?.Snapshot).ToArray())
        {
            try
            {
                SavepointFolder folder = await Savepoints.CopyAsync(pin.Snapshot, pin.Target, new StoreMeter(), cancellationToken).ConfigureAwait(false);
                await AppendAsync(ledger, new LedgerEvent.SavepointTaken(pin.Snapshot, folder.Recorded, folder.Sha256), cancellationToken).ConfigureAwait(false);
                _durable.Tell($"savepoint {pin.Snapshot.Id}, which was begun before, is complete: {folder.Address}");
            }
            catch (SavepointFailedException failure)
            {
                _durable.Tell($"{failure.Message}. It was asked for before; the checkpoint stays pinned, and the next start tries again");
            }
        }
    }

    void Tell(StartAction action, RestorePoint? from) => _durable.Tell(Sentence(action, from));

    /// <summary>A line of history that is left may have output beyond the snapshot: what is read again is written again.</summary>
    void TellOfRepetition(LedgerState left, RestorePoint? from)
    {
        if (from is null || from.Manifest.Job != Program.Job) return;
        long newest = Math.Max(left.CommittedUpTo, left.Retained.LastOrDefault(static r => r.Prepares)?.Snapshot.Id ?? 0);
        if (newest <= from.Manifest.Id) return;
        _durable.Tell($"sinks have committed output up to checkpoint {newest} of the line of history that is left; what follows checkpoint {from.Manifest.Id} is written again");
    }

    static string Sentence(StartAction action, RestorePoint? from)
    {
        string where = from is null ? "without state" : $"from checkpoint {from.Manifest.Id} of {from.Manifest.TakenAt:u}";
        return action switch
        {
            StartAction.Resume resume => $"{resume.Why}: it goes on {where}",
            StartAction.FinishStop => $"the job was being stopped: it goes on {where} to take its savepoint",
            _ => $"begins {where}",
        };
    }

    async Task<string> FinishStopAsync(Ledger ledger, StartAction.FinishStop stop, CancellationToken cancellationToken)
    {
        if (stop.Step == StopStep.Gather)
        {
            SavepointFolder folder = await Savepoints.CopyAsync(stop.Stop.Snapshot!, stop.Stop.Target, new StoreMeter(), cancellationToken).ConfigureAwait(false);
            await AppendAsync(ledger, new LedgerEvent.SavepointTaken(stop.Stop.Snapshot!, folder.Recorded, folder.Sha256), cancellationToken).ConfigureAwait(false);
        }

        // A command that is repeated gives up only what nobody can commit: the rest was prepared since it was given first.
        OwedSinks sinks = new(_graph);
        string[] lost = [.. sinks.Unreadable(ledger.State.Owed).Select(static u => u.Operator), .. ledger.State.Owed.Select(static o => o.Operator).Except(_graph.Nodes.Select(static n => n.Id))];
        await SettleAsync(ledger, [.. _durable.Drops.Intersect(lost)], cancellationToken).ConfigureAwait(false);
        await ledger.AppendAsync([new LedgerEvent.Stopped()], cancellationToken).ConfigureAwait(false);
        return $"the stop that was begun is finished; the savepoint is {Resolved(ledger.State).Savepoints[^1].Address}";
    }

    async Task SettleAsync(Ledger ledger, IReadOnlyList<string> drops, CancellationToken cancellationToken) =>
        await OwedSettlement.SettleAsync(ledger, new OwedSinks(_graph), drops, cancellationToken).ConfigureAwait(false);
}
