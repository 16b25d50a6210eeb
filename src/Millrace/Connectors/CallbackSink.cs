using System.Runtime.CompilerServices;

namespace Millrace;

/// <summary>Hands records to a delegate. No promise beyond the call: after a failure records may be handed over again.</summary>
public static class CallbackSink
{
    /// <summary>Calls <paramref name="callback"/> for each record, on the thread of the task: it must not block.</summary>
    /// <param name="callback">Called by one thread at a time per parallel instance, by several instances at once. An exception ends the job.</param>
    /// <exception cref="ArgumentNullException"><paramref name="callback"/> is null.</exception>
    /// <exception cref="ArgumentException"><paramref name="callback"/> is an asynchronous lambda, which nobody would wait for.</exception>
    public static ISink<T> Of<T>(Action<T> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        if (callback.Method.IsDefined(typeof(AsyncStateMachineAttribute), inherit: false))
            throw new ArgumentException("The callback is asynchronous, and nobody would wait for it; use CallbackSink.OfAsync.", nameof(callback));
        return new CallbackSink<T>(callback);
    }

    /// <summary>Calls <paramref name="callback"/> for each record and waits for it before the next: the stream goes no faster than it does.</summary>
    /// <param name="callback">
    /// One call at a time per parallel instance; its token is cancelled when the job is or its writer is closed. An exception ends the job.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="callback"/> is null.</exception>
    public static ISink<T> OfAsync<T>(Func<T, CancellationToken, ValueTask> callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return new AsyncCallbackSink<T>(callback);
    }
}

sealed class CallbackSink<T>(Action<T> callback) : ISink<T>
{
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) => new(new Writer(callback));

    public override string ToString() => "callback";

    sealed class Writer(Action<T> callback) : ISinkWriter<T>
    {
        public void TryWrite(ref BatchReader<T> batch)
        {
            // Taken only once the callback has returned, so that a record it throws on is known.
            for (; batch.Values.Length > 0; batch.Take(1)) callback(batch.Values[0]);
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

sealed class AsyncCallbackSink<T>(Func<T, CancellationToken, ValueTask> callback) : ISink<T>
{
    public ValueTask<ISinkWriter<T>> OpenAsync(FunctionContext context, CancellationToken cancellationToken) =>
        new(new Writer(callback, cancellationToken));

    public override string ToString() => "asynchronous callback";

    sealed class Writer(Func<T, CancellationToken, ValueTask> callback, CancellationToken jobCancelled) : ISinkWriter<T>
    {
        readonly CancellationTokenSource _closed = CancellationTokenSource.CreateLinkedTokenSource(jobCancelled);
        Task _pending = Task.CompletedTask;

        public void TryWrite(ref BatchReader<T> batch)
        {
            if (!_pending.IsCompleted) return;
            _pending.GetAwaiter().GetResult();
            while (batch.TryTake(out T? value))
            {
                ValueTask call = callback(value, _closed.Token);
                if (!call.IsCompleted)
                {
                    _pending = call.AsTask();
                    return;
                }

                call.GetAwaiter().GetResult();
            }
        }

        public ValueTask WaitAsync(CancellationToken cancellationToken) => new(_pending.WaitAsync(cancellationToken));

        public ValueTask CompleteAsync(CancellationToken cancellationToken) => new(_pending.WaitAsync(cancellationToken));

        public async ValueTask DisposeAsync()
        {
            await _closed.CancelAsync().ConfigureAwait(false);
            await _pending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _closed.Dispose();
        }
    }
}
