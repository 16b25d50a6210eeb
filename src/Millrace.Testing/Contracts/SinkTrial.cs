namespace Millrace.Testing.Contracts;

/// <summary>Says what a sink did wrong.</summary>
static class SinkTrial
{
    public static void Require<TItem>(IEnumerable<TItem> actual, IEnumerable<TItem> expected, string rule)
    {
        TItem[] actuals = [.. actual];
        TItem[] wanted = [.. expected];
        if (actuals.SequenceEqual(wanted)) return;
        throw new ExpectationException(
            $"{rule}." + Environment.NewLine + Difference.Describe("", [.. wanted.Select(static e => $"{e}")], [.. actuals.Select(static a => $"{a}")], []));
    }

    /// <summary>The same records, in any order.</summary>
    public static void RequireSame<T>(IReadOnlyList<T> actual, IReadOnlyList<T> expected, string rule)
    {
        List<T> left = [.. expected];
        if (actual.All(left.Remove) && left.Count == 0) return;
        Require(actual, expected, rule);
        throw new ExpectationException($"{rule}; the records are the same, but not as often");
    }
}

/// <summary>A target under a contract, and the deployments that write to it.</summary>
sealed class SinkTrial<T, TPart, TPrepared>(TransactionalSinkTarget<T, TPart, TPrepared> target)
{
    public TransactionalSinkTarget<T, TPart, TPrepared> Target => target;

    public ITransactionalSink<T, TPart, TPrepared> Sink { get; } = target.Create();

    public ITransactionalSink<T, TPart, TPrepared> NewSink() => target.Create();

    public SinkContext Context(int deployment, int timeline = 1, bool isFresh = true, bool isDurable = true, int parallelism = 1)
    {
        SinkContext context = SinkSteps.Context(deployment, timeline, isFresh, isDurable, parallelism);
        // A job without storage has no history: every run has the same attempt.
        return isDurable ? context : context with { Attempt = "1.1" };
    }

    /// <summary>Begins a deployment of one instance, as another process.</summary>
    public async Task<SinkRun<T, TPart, TPrepared>> StartAsync(
        int deployment, int timeline = 1, bool isFresh = true, bool isDurable = true, IReadOnlyList<TPrepared>? owed = null) =>
        (await StartAllAsync(deployment, timeline, isFresh, isDurable, owed, 1).ConfigureAwait(false))[0];

    public async Task<SinkRun<T, TPart, TPrepared>[]> StartAllAsync(
        int deployment, int timeline = 1, bool isFresh = true, bool isDurable = true, IReadOnlyList<TPrepared>? owed = null, int? parallelism = null)
    {
        int instances = parallelism ?? target.Parallelism;
        SinkContext context = Context(deployment, timeline, isFresh, isDurable, instances);
        ITransactionalSink<T, TPart, TPrepared> sink = target.Create();
        await sink.CheckAsync(context, CancellationToken.None).ConfigureAwait(false);
        await sink.AbandonAsync(context, owed ?? [], CancellationToken.None).ConfigureAwait(false);
        // Said twice, as by a leader that died after the first time.
        await sink.AbandonAsync(context, owed ?? [], CancellationToken.None).ConfigureAwait(false);
        SinkRun<T, TPart, TPrepared>[] runs = new SinkRun<T, TPart, TPrepared>[instances];
        for (int i = 0; i < runs.Length; i++)
            runs[i] = new(this, sink, await sink.OpenAsync(context, SinkSteps.Function(i, runs.Length), CancellationToken.None).ConfigureAwait(false));
        return runs;
    }

    /// <summary>Commits as yet another process.</summary>
    public async Task CommitAsync(TPrepared prepared, CommitOutcome? expected)
    {
        CommitOutcome outcome = await NewSink().CommitAsync(prepared, CancellationToken.None).AsTask().WaitAsync(SinkSteps.Patience, TimeProvider.System).ConfigureAwait(false);
        if (expected is { } wanted) SinkTrial.Require([outcome], [wanted], $"CommitAsync of {prepared} must find it so");
        else SinkTrial.Require([outcome == CommitOutcome.Missing], [false], $"CommitAsync of {prepared} must not find it missing");
    }

    /// <summary>Commits as yet another process, at the same time as others.</summary>
    public async Task<CommitOutcome> CommitElsewhereAsync(TPrepared prepared)
    {
        ITransactionalSink<T, TPart, TPrepared> sink = NewSink();
        TPrepared restored = SinkSteps.Restored(prepared);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await sink.CommitAsync(restored, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Readers see exactly these.</summary>
    public async Task RequireAsync(IReadOnlyList<T> expected, string rule, bool inOrder = true)
    {
        IReadOnlyList<T> visible = await target.ReadAsync().ConfigureAwait(false);
        if (target.KeepsOrder && inOrder) SinkTrial.Require(visible, expected, rule);
        else SinkTrial.RequireSame(visible, expected, rule);
    }

    /// <summary>Readers see exactly these, or some of them where the sink does not show every part at once.</summary>
    public async Task RequireCommittedAsync(IReadOnlyList<T> expected, string rule)
    {
        if (target.ShowsEveryPart)
        {
            await RequireAsync(expected, rule).ConfigureAwait(false);
            return;
        }

        IReadOnlyList<T> visible = await target.ReadAsync().ConfigureAwait(false);
        SinkTrial.Require(visible, expected.Take(visible.Count), rule);
    }
}

/// <summary>One instance in one deployment.</summary>
sealed class SinkRun<T, TPart, TPrepared>(SinkTrial<T, TPart, TPrepared> trial, ITransactionalSink<T, TPart, TPrepared> sink, ITransactionalWriter<T, TPart> writer)
    : IAsyncDisposable
{
    public Task WriteAsync(IReadOnlyList<T> records) => writer.WriteAsync(records);

    public bool TrySeal(bool isLast, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out TPart part) => writer.Seal(isLast, out part);

    public TPart Seal(bool isLast = false) => writer.Seal(isLast, out TPart? part)
        ? part
        : throw new ExpectationException("Seal after records must be true");

    public async Task<TPrepared> PrepareAsync(TPart part) =>
        await sink.PrepareAsync(part, CancellationToken.None).AsTask().WaitAsync(SinkSteps.Patience, TimeProvider.System).ConfigureAwait(false);

    public async Task<TPrepared> WriteAndPrepareAsync(IReadOnlyList<T> records, bool isLast = false)
    {
        await WriteAsync(records).ConfigureAwait(false);
        return await PrepareAsync(Seal(isLast)).ConfigureAwait(false);
    }

    /// <summary>Writes the last records, commits them, and ends. What was committed here.</summary>
    public async Task<IReadOnlyList<TPrepared>> FinishAsync(IReadOnlyList<T> records)
    {
        await WriteAsync(records).ConfigureAwait(false);
        List<TPrepared> prepared = [];
        if (writer.Seal(isLast: true, out TPart? part))
        {
            prepared.Add(SinkSteps.Restored(await PrepareAsync(part).ConfigureAwait(false)));
            await trial.CommitAsync(prepared[0], CommitOutcome.Committed).ConfigureAwait(false);
        }
        else
        {
            SinkTrial.Require([records.Count], [0], "Seal after records must be true");
        }

        await DisposeAsync().ConfigureAwait(false);
        return prepared;
    }

    public ValueTask DisposeAsync() => writer.DisposeAsync();
}
