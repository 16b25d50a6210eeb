using System.Diagnostics;
using Millrace.Storage;

namespace Millrace.CrashTest;

/// <summary>Kills the process it is in, as SIGKILL does, before or after a certain call. Thread-safe.</summary>
/// <param name="inner">The store that does it. Not disposed of.</param>
/// <param name="diesAt">The number of the call, from 1; none for never.</param>
/// <param name="isAfter">Whether the call takes effect first.</param>
sealed class KillingStore(IObjectStore inner, int? diesAt, bool isAfter) : IObjectStore
{
    int _calls;

    public string Address => inner.Address;

    public ValueTask<CreateOutcome> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        CallAsync(() => inner.CreateAsync(key, content, cancellationToken));

    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await CallAsync(() => Done(inner.PutAsync(key, content, cancellationToken)));

    public ValueTask<byte[]?> TryGetAsync(string key, CancellationToken cancellationToken) => CallAsync(() => inner.TryGetAsync(key, cancellationToken));

    public async ValueTask ReadAsync(string key, long offset, Memory<byte> destination, CancellationToken cancellationToken) =>
        await CallAsync(() => Done(inner.ReadAsync(key, offset, destination, cancellationToken)));

    public ValueTask<long?> TryGetLengthAsync(string key, CancellationToken cancellationToken) => CallAsync(() => inner.TryGetLengthAsync(key, cancellationToken));

    public async ValueTask<IObjectUpload> BeginUploadAsync(string key, CancellationToken cancellationToken) =>
        new Upload(this, await CallAsync(() => inner.BeginUploadAsync(key, cancellationToken)));

    public async ValueTask DeleteAsync(string key, CancellationToken cancellationToken) => await CallAsync(() => Done(inner.DeleteAsync(key, cancellationToken)));

    public ValueTask DisposeAsync() => default;

    async ValueTask<T> CallAsync<T>(Func<ValueTask<T>> call)
    {
        bool dies = Interlocked.Increment(ref _calls) == diesAt;
        if (dies && !isAfter) Die();
        T answer = await call();
        if (dies) Die();
        return answer;
    }

    static async ValueTask<bool> Done(ValueTask task)
    {
        await task;
        return true;
    }

    static void Die()
    {
        using Process self = Process.GetCurrentProcess();
        self.Kill();
        Thread.Sleep(Timeout.Infinite);
    }

    sealed class Upload(KillingStore store, IObjectUpload upload) : IObjectUpload
    {
        public async ValueTask WriteAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
            await store.CallAsync(() => Done(upload.WriteAsync(content, cancellationToken)));

        public async ValueTask CompleteAsync(CancellationToken cancellationToken) => await store.CallAsync(() => Done(upload.CompleteAsync(cancellationToken)));

        public ValueTask DisposeAsync() => upload.DisposeAsync();
    }
}
