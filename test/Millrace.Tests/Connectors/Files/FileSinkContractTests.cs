using Millrace.Testing.Contracts;

namespace Millrace.Tests.Connectors.Files;

public abstract class FileSinkContract : TransactionalSinkContract<Sale, FilePart, FilePrepared>
{
    protected override IReadOnlyList<Sale> Records { get; } = [.. Enumerable.Range(0, 9).Select(static i => new Sale(i, "item, " + i, i / 2m, null))];

    /// <summary>A folder, or one file in it.</summary>
    private protected sealed class Target(string? file, Func<string, FileSink<Sale>> create) : TransactionalSinkTarget<Sale, FilePart, FilePrepared>
    {
        readonly TempFolder _folder = new();

        public bool Shows { get; init; }

        public override bool ShowsEveryPart => Shows;

        public override int Parallelism => file is null ? 3 : 1;

        public override bool IsReplacedByFreshRuns => true;

        public override FileSink<Sale> Create() => create(_folder[file ?? "out"]);

        public override async ValueTask<IReadOnlyList<Sale>> ReadAsync()
        {
            string root = _folder[file is null ? "out" : ""];
            if (!Directory.Exists(root)) return [];
            FileInfo[] files = [.. new DirectoryInfo(root).EnumerateFiles("*", SearchOption.AllDirectories).Where(f => !Path.GetRelativePath(root, f.FullName).StartsWith('.'))];
            List<Sale> sales = [];
            foreach (FileInfo found in files)
            {
                // The header is in every file once, or these rows could not be read.
                sales.AddRange(await FileSource.Csv<Sale>(found.FullName).ReadAllAsync());
            }

            // Between files there is no order; within one there is.
            return file is null ? [.. sales.OrderBy(static s => s.Id)] : sales;
        }

        public override ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Files joined from many parts: the defaults.</summary>
public sealed class JoinedFilesContractTests : FileSinkContract
{
    protected override ValueTask<TransactionalSinkTarget<Sale, FilePart, FilePrepared>> CreateAsync() =>
        new(new Target(null, static path => FileSink.Csv<Sale>(path)));
}

/// <summary>A file per checkpoint.</summary>
public sealed class FilePerCheckpointContractTests : FileSinkContract
{
    protected override ValueTask<TransactionalSinkTarget<Sale, FilePart, FilePrepared>> CreateAsync() =>
        new(new Target(null, static path => FileSink.Csv<Sale>(path).RollBy(time: TimeSpan.Zero)) { Shows = true });
}

/// <summary>Many files per part.</summary>
public sealed class SmallFilesContractTests : FileSinkContract
{
    protected override ValueTask<TransactionalSinkTarget<Sale, FilePart, FilePrepared>> CreateAsync() =>
        new(new Target(null, static path => FileSink.Csv<Sale>(path).RollBy(size: 40)));
}

/// <summary>Several open files, in folders.</summary>
public sealed class BucketedFilesContractTests : FileSinkContract
{
    protected override ValueTask<TransactionalSinkTarget<Sale, FilePart, FilePrepared>> CreateAsync() =>
        new(new Target(null, static path => FileSink.Csv<Sale>(path).Bucket(static s => s.Id % 3 == 0 ? "" : $"of/{s.Id % 3}").RollBy(time: TimeSpan.Zero)) { Shows = true });
}

/// <summary>One file, across all restarts.</summary>
public sealed class OneFileContractTests : FileSinkContract
{
    protected override ValueTask<TransactionalSinkTarget<Sale, FilePart, FilePrepared>> CreateAsync() =>
        new(new Target("out.csv", static path => FileSink.Csv<Sale>(path)));
}
