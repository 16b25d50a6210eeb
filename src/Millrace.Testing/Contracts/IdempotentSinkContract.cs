namespace Millrace.Testing.Contracts;

/// <summary>
/// What the engine relies on in every <see cref="IIdempotentSink{T}"/>: writing again changes nothing, what was flushed is durable, and behind a
/// raised fence nothing of earlier deployments takes effect. Call <see cref="CheckAsync"/> from a test of any framework, or the parts from one test each.
/// </summary>
/// <typeparam name="T">The record type; compared with its default comparer.</typeparam>
/// <param name="create">Makes a new, empty target.</param>
/// <param name="records">Six records or more, with different keys.</param>
/// <param name="change">Makes of a record another version of it: another record with the same key.</param>
public sealed class IdempotentSinkContract<T>(Func<ValueTask<IdempotentSinkTarget<T>>> create, IReadOnlyList<T> records, Func<T, T> change)
{
    /// <summary>Checks all of it.</summary>
    /// <exception cref="ExpectationException">The sink breaks a part of the contract, which the message names.</exception>
    public async Task CheckAsync()
    {
        foreach (Func<Task> check in (Func<Task>[])[
            CheckFlushAsync, CheckAgainAsync, CheckLastWinsAsync, CheckRestartAsync, CheckFenceAsync, CheckFenceInMidstreamAsync, CheckLateFenceAsync, CheckDisposeAsync])
            await check().ConfigureAwait(false);
    }

    /// <summary>Everything written before a flush is visible after it.</summary>
    public Task CheckFlushAsync() => WithTargetAsync(async target =>
    {
        SinkTrial.Require(target.Create().Problems, [], "Problems of a sink that can run must be empty");
        IIdempotentWriter<T> writer = await StartAsync(target, 1).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await FlushAsync(writer, []).ConfigureAwait(false);
            for (int i = 0; i < records.Count; i++)
            {
                await FlushAsync(writer, [records[i]]).ConfigureAwait(false);
                await RequireAsync(target, [.. records.Take(i + 1)], "what was flushed must be visible").ConfigureAwait(false);
            }
        }
    });

    /// <summary>A record that is written again is there once.</summary>
    public Task CheckAgainAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> writer = await StartAsync(target, 1).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            await FlushAsync(writer, [.. records, .. records]).ConfigureAwait(false);
            await FlushAsync(writer, records).ConfigureAwait(false);
            await RequireAsync(target, records, "records written several times must be there once").ConfigureAwait(false);
        }
    });

    /// <summary>Of several versions of a record the last one written is there.</summary>
    public Task CheckLastWinsAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> writer = await StartAsync(target, 1).ConfigureAwait(false);
        T[] changed = [.. records.Select(change)];
        await using (writer.ConfigureAwait(false))
        {
            await FlushAsync(writer, [.. records, .. changed]).ConfigureAwait(false);
            await RequireAsync(target, changed, "of versions written between two flushes the last must be there").ConfigureAwait(false);
            await FlushAsync(writer, records).ConfigureAwait(false);
            await RequireAsync(target, records, "a version written after a flush must replace the one before").ConfigureAwait(false);
        }
    });

    /// <summary>After a crash the records since the checkpoint come again, in another process.</summary>
    public Task CheckRestartAsync() => WithTargetAsync(async target =>
    {
        for (int deployment = 1; deployment <= records.Count; deployment++)
        {
            IIdempotentWriter<T> writer = await StartAsync(target, deployment).ConfigureAwait(false);
            await writer.WriteAsync([.. records.Take(deployment)]).ConfigureAwait(false);
            if (deployment % 2 == 0 || deployment == records.Count) await FlushAsync(writer, []).ConfigureAwait(false);
            await writer.DisposeAsync().ConfigureAwait(false);
        }

        await RequireAsync(target, records, "records written by one deployment after the other must be there once").ConfigureAwait(false);
    });

    /// <summary>Behind the fence of a later deployment a writer fails, and writes nothing.</summary>
    public Task CheckFenceAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> old = await StartAsync(target, 1).ConfigureAwait(false);
        await using (old.ConfigureAwait(false))
        {
            await FlushAsync(old, [.. records.Take(2)]).ConfigureAwait(false);
            IIdempotentWriter<T> writer = await StartAsync(target, 2).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false))
            {
                await RequireFencedAsync(old, [.. records.Select(change)]).ConfigureAwait(false);
                await RequireAsync(target, [.. records.Take(2)], "nothing written behind a later fence may take effect").ConfigureAwait(false);
                await FlushAsync(writer, records).ConfigureAwait(false);
            }

            await RequireFencedAsync(old, [.. records.Select(change)]).ConfigureAwait(false);
            await RequireAsync(target, records, "nothing written behind a later fence may take effect, now or later").ConfigureAwait(false);
        }
    });

    /// <summary>Records taken before the fence was raised, and flushed after, have no effect either.</summary>
    public Task CheckFenceInMidstreamAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> old = await StartAsync(target, 1).ConfigureAwait(false);
        await using (old.ConfigureAwait(false))
        {
            await old.WriteAsync([.. records.Take(2).Select(change)]).ConfigureAwait(false);
            IIdempotentWriter<T> writer = await StartAsync(target, 2).ConfigureAwait(false);
            await using (writer.ConfigureAwait(false)) await FlushAsync(writer, records).ConfigureAwait(false);
            await RequireFencedAsync(old, []).ConfigureAwait(false);
            await RequireAsync(target, records, "records taken before a later fence and flushed after it must have no effect").ConfigureAwait(false);
        }
    });

    /// <summary>A deployment that raises its fence after a later one did may not start, and disturbs nobody.</summary>
    public Task CheckLateFenceAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> writer = await StartAsync(target, 2).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            bool isRefused = false;
            try
            {
                await target.Create().RaiseFenceAsync(SinkSteps.Context(1), CancellationToken.None).ConfigureAwait(false);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                isRefused = true;
            }

            SinkTrial.Require([isRefused], [true], "raising a fence that is lower than the one there must fail");
            await FlushAsync(writer, records).ConfigureAwait(false);
            await RequireAsync(target, records, "a late fence must not disturb later deployments").ConfigureAwait(false);
        }

        await (await StartAsync(target, 2).ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
    });

    /// <summary>A writer can be closed at any time.</summary>
    public Task CheckDisposeAsync() => WithTargetAsync(async target =>
    {
        IIdempotentWriter<T> writer = await StartAsync(target, 1).ConfigureAwait(false);
        await writer.WriteAsync(records).ConfigureAwait(false);
        await writer.DisposeAsync().AsTask().WaitAsync(SinkSteps.Patience, TimeProvider.System).ConfigureAwait(false);
    });

    static async Task<IIdempotentWriter<T>> StartAsync(IdempotentSinkTarget<T> target, int deployment)
    {
        IIdempotentSink<T> sink = target.Create();
        SinkContext context = SinkSteps.Context(deployment);
        await sink.RaiseFenceAsync(context, CancellationToken.None).ConfigureAwait(false);
        // Said twice, as by a leader that died after the first time.
        await sink.RaiseFenceAsync(context, CancellationToken.None).ConfigureAwait(false);
        return await sink.OpenAsync(context, SinkSteps.Function(), CancellationToken.None).ConfigureAwait(false);
    }

    static async Task FlushAsync(IIdempotentWriter<T> writer, IReadOnlyList<T> some)
    {
        await writer.WriteAsync(some).ConfigureAwait(false);
        await writer.FlushAsync(CancellationToken.None).AsTask().WaitAsync(SinkSteps.Patience, TimeProvider.System).ConfigureAwait(false);
    }

    static async Task RequireFencedAsync(IIdempotentWriter<T> writer, IReadOnlyList<T> some)
    {
        bool hasFailed = false;
        try
        {
            await FlushAsync(writer, some).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException and not TimeoutException)
        {
            hasFailed = true;
        }

        SinkTrial.Require([hasFailed], [true], "a writer behind a later fence must fail");
    }

    static async Task RequireAsync(IdempotentSinkTarget<T> target, IReadOnlyList<T> expected, string rule) =>
        SinkTrial.RequireSame(await target.ReadAsync().ConfigureAwait(false), expected, rule);

    async Task WithTargetAsync(Func<IdempotentSinkTarget<T>, Task> check)
    {
        IdempotentSinkTarget<T> target = await create().ConfigureAwait(false);
        await using (target.ConfigureAwait(false)) await check(target).ConfigureAwait(false);
    }
}
