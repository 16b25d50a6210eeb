using Millrace.Storage;

namespace Millrace.Benchmarks.Checkpoints;

/// <summary>A store in a new folder of the place for temporary files, which is gone afterwards.</summary>
sealed class BenchFolder : IAsyncDisposable
{
    readonly string _path = Directory.CreateTempSubdirectory("millrace-bench-").FullName;
    readonly LocalObjectStore _store;

    public BenchFolder() => _store = new(_path, NonceSource.FromSystem());

    public IObjectStore Store => _store;

    public async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_path, recursive: true);
    }
}
