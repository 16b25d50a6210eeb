using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>Rows of a state with a TTL without their stamps. Used by one thread; owns the reader.</summary>
/// <param name="rows">The rows with stamps.</param>
/// <param name="schema">The state as it was written.</param>
/// <param name="source">The snapshot, for errors.</param>
sealed class UnstampedReader(IRunReader rows, StateSchema schema, string source) : IRunReader
{
    /// <inheritdoc/>
    public RunRow Row
    {
        get
        {
            RunRow row = rows.Row;
            try
            {
                return new() { Hash = row.Hash, IsDeleted = row.IsDeleted, Key = row.Key, Sub = row.Sub, Value = RowStamps.ValueOf(schema, row.Value) };
            }
            catch (CorruptDataException e)
            {
                throw new SnapshotCorruptException(source, $"a row of state '{schema.Name}' with the hash {row.Hash:x8} is not what its schema says: {e.Message}", e);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken) => rows.ReadBlockAsync(cancellationToken);

    /// <inheritdoc/>
    public bool MoveNext() => rows.MoveNext();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => rows.DisposeAsync();
}
