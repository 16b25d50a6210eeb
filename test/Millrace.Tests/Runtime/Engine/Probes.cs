using System.Globalization;
using System.Runtime.CompilerServices;

namespace Millrace.Tests.Runtime.Engine;

sealed record ProbeSplit(int Part) : ISplit
{
    public string Id => Part.ToString(CultureInfo.InvariantCulture);
}

/// <summary>A source that counts what happens to it, and fails where it is told to.</summary>
sealed class ProbeSource(int splits, int recordsPerSplit) : ISource<int, ProbeSplit>
{
    int _opened, _disposed, _open, _openMost;
    long _read;

    public string? FailIn { get; init; }

    public bool IsBounded { get; init; } = true;

    public Task OpenAfter { get; init; } = Task.CompletedTask;

    public Task DiscoverAfter { get; init; } = Task.CompletedTask;

    public int Opened => _opened;

    public int Disposed => _disposed;

    public int OpenMost => _openMost;

    public long RecordsRead => Interlocked.Read(ref _read);

    int RecordsPerSplit => recordsPerSplit;

    public async IAsyncEnumerable<ProbeSplit> DiscoverAsync(SourceContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.CompletedTask;
        for (int part = 0; part < splits; part++) yield return new(part);
        await DiscoverAfter.WaitAsync(cancellationToken);
        Fail("discover");
    }

    public async ValueTask<ISplitReader<int, ProbeSplit>> OpenAsync(ProbeSplit split, FunctionContext context, CancellationToken cancellationToken)
    {
        await OpenAfter.WaitAsync(cancellationToken);
        Fail("open");
        Interlocked.Increment(ref _opened);
        int open = Interlocked.Increment(ref _open);
        for (int most = _openMost; open > most && Interlocked.CompareExchange(ref _openMost, open, most) != most; most = _openMost)
        {
        }

        return new Reader(this, split);
    }

    void Fail(string stage)
    {
        if (FailIn is null) return;
        if (FailIn == stage) throw new IOException($"cannot {stage}");
        if (FailIn == stage + " by timeout") throw new TaskCanceledException($"timeout in {stage}");
    }

    sealed class Reader(ProbeSource source, ProbeSplit split) : ISplitReader<int, ProbeSplit>
    {
        int _next;

        public ProbeSplit Position => split;

        public ReadStatus TryRead(ref BatchWriter<int> batch)
        {
            if (_next == 10) source.Fail("read");
            for (; batch.HasRoom && _next < source.RecordsPerSplit; _next++)
            {
                batch.Add((split.Part * source.RecordsPerSplit) + _next);
                if (_next == 9 && source.FailIn is not null)
                {
                    _next++;
                    break;
                }
            }

            Interlocked.Add(ref source._read, batch.Count);
            return _next == source.RecordsPerSplit ? ReadStatus.Finished : ReadStatus.More;
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref source._disposed);
            Interlocked.Decrement(ref source._open);
            source.Fail("dispose");
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A sink that counts what happens to it, waits where it is told to, and fails where it is told to.</summary>
sealed class ProbeSink<T> : ISink<T>
{
    int _opened, _disposed, _completed;
    long _written;

    public string? FailIn { get; init; }

    public Task OpenAfter { get; init; } = Task.CompletedTask;

    public Task WriteAfter { get; init; } = Task.CompletedTask;

    public Action<long> Written { get; init; } = static _ => { };

    public int Opened => _opened;

    public int Disposed => _disposed;

    public int Completed => _completed;

    public long RecordsWritten => Interlocked.Read(ref _written);

    public async ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken)
    {
        await OpenAfter.WaitAsync(cancellationToken);
        Fail("open");
        Interlocked.Increment(ref _opened);
        return new Writer(this);
    }

    void Fail(string stage)
    {
        if (FailIn is null) return;
        if (FailIn == stage) throw new IOException($"cannot {stage}");
        if (FailIn == stage + " by timeout") throw new TaskCanceledException($"timeout in {stage}");
    }

    sealed class Writer(ProbeSink<T> sink) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch)
        {
            sink.Fail("write");
            if (!sink.WriteAfter.IsCompleted) return;
            int count = batch.Values.Length;
            batch.TakeAll();
            sink.Written(Interlocked.Add(ref sink._written, count));
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => new(sink.WriteAfter.WaitAsync(cancellationToken));

        public ValueTask CompleteAsync(CancellationToken cancellationToken)
        {
            sink.Fail("complete");
            Interlocked.Increment(ref sink._completed);
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            Interlocked.Increment(ref sink._disposed);
            sink.Fail("dispose");
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A function that counts its openings and disposals over all instances.</summary>
sealed class ProbeFunction(ProbeFunction.Counts counts) : IProcess<int, int>, IOpen, IAsyncDisposable
{
    public sealed class Counts
    {
        int _made, _opened, _disposed;

        public int Made => _made;

        public int Opened => _opened;

        public int Disposed => _disposed;

        public ProbeFunction Make()
        {
            Interlocked.Increment(ref _made);
            return new(this);
        }

        internal void Open() => Interlocked.Increment(ref _opened);

        internal void Dispose() => Interlocked.Increment(ref _disposed);
    }

    public ValueTask OpenAsync(FunctionContext context, CancellationToken cancellationToken)
    {
        counts.Open();
        return ValueTask.CompletedTask;
    }

    public void OnRecord(in Record<int> record, Output<int> output) => output.Emit(record.Value);

    public ValueTask DisposeAsync()
    {
        counts.Dispose();
        return ValueTask.CompletedTask;
    }
}
