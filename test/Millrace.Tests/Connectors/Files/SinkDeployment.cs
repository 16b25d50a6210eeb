using Millrace.Testing.Contracts;

namespace Millrace.Tests.Connectors.Files;

/// <summary>A file sink in one deployment, driven as the engine does, without the engine.</summary>
sealed class SinkDeployment<T>(FileSink<T> sink, SinkContext context) : IAsyncDisposable
{
    public List<ITransactionalWriter<T, FilePart>> Writers { get; } = [];

    public static async Task<SinkDeployment<T>> StartAsync(
        FileSink<T> sink, int deployment, int timeline = 1, bool isFresh = true, bool isDurable = true, int parallelism = 1, TimeProvider? time = null)
    {
        SinkContext context = SinkSteps.Context(deployment, isDurable ? timeline : deployment, isFresh, isDurable, parallelism, time);
        await sink.CheckAsync(context, default);
        await sink.AbandonAsync(context, [], default);
        SinkDeployment<T> run = new(sink, context);
        for (int i = 0; i < parallelism; i++) run.Writers.Add(await sink.OpenAsync(context, SinkSteps.Function(i, parallelism, time), default));
        return run;
    }

    /// <summary>Writes, seals and prepares in the first instance.</summary>
    public async Task<FilePrepared> PrepareAsync(IReadOnlyList<T> records, bool isLast = false)
    {
        await Writers[0].WriteAsync(records);
        Assert.True(Writers[0].Seal(isLast, out FilePart? part));
        return await sink.PrepareAsync(part, default);
    }

    /// <summary>All of it in the first instance.</summary>
    public async Task CommitAsync(IReadOnlyList<T> records, bool isLast = false) =>
        Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(await PrepareAsync(records, isLast), default));

    /// <summary>Ends the input of a job without storage: all seal, all prepare, then everything is committed.</summary>
    public async Task FinishAsync()
    {
        Assert.False(context.IsDurable);
        List<FilePrepared> prepared = [];
        foreach (ITransactionalWriter<T, FilePart> writer in Writers)
            if (writer.Seal(true, out FilePart? part)) prepared.Add(await sink.PrepareAsync(part, default));
        foreach (FilePrepared part in prepared) Assert.Equal(CommitOutcome.Committed, await sink.CommitAsync(part, default));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ITransactionalWriter<T, FilePart> writer in Writers) await writer.DisposeAsync();
    }
}

/// <summary>Whole runs without storage.</summary>
static class FileSinkRuns
{
    static int s_runs = 100;

    /// <summary>A run with one instance.</summary>
    public static Task WriteAsync<T>(this FileSink<T> sink, IReadOnlyList<T> records, int batch = 100) => sink.RunAsync([records], batch);

    /// <summary>A run with an instance for each list of records.</summary>
    public static async Task RunAsync<T>(this FileSink<T> sink, IReadOnlyList<IReadOnlyList<T>> records, int batch = 100)
    {
        await using SinkDeployment<T> run = await SinkDeployment<T>.StartAsync(sink, Interlocked.Increment(ref s_runs), isDurable: false, parallelism: records.Count);
        for (int i = 0; i < records.Count; i++)
            foreach (T[] chunk in records[i].Chunk(batch)) await run.Writers[i].WriteAsync(chunk);
        await run.FinishAsync();
    }
}
