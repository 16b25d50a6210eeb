using Millrace.State.Codecs;

namespace Millrace.State.Snapshots;

/// <summary>
/// Several runs as one: of rows with equal keys the one of the latest run counts, and none when that is a deletion. Runs ascend by hash only, so
/// the rows of one hash are gathered from all runs and sorted. Used by one thread; owns the readers.
/// </summary>
/// <param name="readers">Oldest first.</param>
sealed class MergedRunReader(IReadOnlyList<IRunReader> readers) : IRunReader
{
    const int BlockBytes = 64 << 10;

    readonly ByteBuffer _bytes = new();
    readonly List<Entry> _rows = [];
    readonly List<Source> _sources = [];
    Comparer<Entry>? _order;
    bool _isStarted;
    int _row = -1;

    /// <inheritdoc/>
    public RunRow Row
    {
        get
        {
            Entry row = _rows[_row];
            ReadOnlySpan<byte> bytes = _bytes.Written[row.At..];
            return new RunRow
            {
                Hash = row.Hash,
                Key = bytes[..row.KeyLength],
                Sub = bytes.Slice(row.KeyLength, row.SubLength),
                Value = bytes.Slice(row.KeyLength + row.SubLength, row.ValueLength),
            };
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted) await StartAsync(cancellationToken).ConfigureAwait(false);
        _bytes.Clear();
        _rows.Clear();
        _row = -1;
        while (_sources.Count > 0 && (_rows.Count == 0 || _bytes.Length < BlockBytes))
        {
            // Deletions leave bytes and no row.
            if (_rows.Count == 0) _bytes.Clear();
            await GatherHashAsync(cancellationToken).ConfigureAwait(false);
        }

        return _rows.Count > 0;
    }

    /// <inheritdoc/>
    public bool MoveNext() => ++_row < _rows.Count;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IRunReader reader in readers) await reader.DisposeAsync().ConfigureAwait(false);
        _bytes.Dispose();
    }

    async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        _isStarted = true;
        for (int i = 0; i < readers.Count; i++)
        {
            Source source = new(readers[i], i);
            if (await source.NextAsync(cancellationToken).ConfigureAwait(false)) _sources.Add(source);
        }
    }

    // Adds the rows of the smallest hash; none when all of them are deleted.
    async ValueTask GatherHashAsync(CancellationToken cancellationToken)
    {
        uint hash = uint.MaxValue;
        foreach (Source source in _sources) hash = Math.Min(hash, source.Hash);
        int first = _rows.Count;
        for (int i = 0; i < _sources.Count; i++)
        {
            Source source = _sources[i];
            bool hasMore = true;
            while (hasMore && source.Hash == hash)
            {
                Add(source);
                hasMore = source.Reader.MoveNext() ? source.Read() : await source.NextAsync(cancellationToken).ConfigureAwait(false);
            }

            if (!hasMore) _sources.RemoveAt(i--);
        }

        KeepNewest(first);
    }

    void Add(Source source)
    {
        RunRow row = source.Reader.Row;
        int at = _bytes.Length;
        Append(row.Key);
        Append(row.Sub);
        Append(row.Value);
        _rows.Add(new Entry(row.Hash, source.Order, row.IsDeleted, at, row.Key.Length, row.Sub.Length, row.Value.Length));
    }

    void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.GetSpan(bytes.Length));
        _bytes.Advance(bytes.Length);
    }

    void KeepNewest(int first)
    {
        int count = _rows.Count - first;
        if (count > 1) _rows.Sort(first, count, _order ??= Comparer<Entry>.Create(CompareWithOrder));
        int kept = first;
        for (int i = first; i < _rows.Count; i++)
        {
            bool isNewest = i + 1 == _rows.Count || Compare(_rows[i], _rows[i + 1]) != 0;
            if (isNewest && !_rows[i].IsDeleted) _rows[kept++] = _rows[i];
        }

        _rows.RemoveRange(kept, _rows.Count - kept);
    }

    int CompareWithOrder(Entry left, Entry right)
    {
        int keys = Compare(left, right);
        return keys != 0 ? keys : left.Order.CompareTo(right.Order);
    }

    int Compare(Entry left, Entry right)
    {
        ReadOnlySpan<byte> bytes = _bytes.Written;
        int keys = bytes.Slice(left.At, left.KeyLength).SequenceCompareTo(bytes.Slice(right.At, right.KeyLength));
        if (keys != 0) return keys;
        return bytes.Slice(left.At + left.KeyLength, left.SubLength).SequenceCompareTo(bytes.Slice(right.At + right.KeyLength, right.SubLength));
    }

    readonly record struct Entry(uint Hash, int Order, bool IsDeleted, int At, int KeyLength, int SubLength, int ValueLength);

    /// <summary>A run and the row it stands at.</summary>
    sealed class Source(IRunReader reader, int order)
    {
        public IRunReader Reader => reader;

        public int Order => order;

        public uint Hash { get; private set; }

        public bool Read()
        {
            Hash = reader.Row.Hash;
            return true;
        }

        public async ValueTask<bool> NextAsync(CancellationToken cancellationToken)
        {
            while (await reader.ReadBlockAsync(cancellationToken).ConfigureAwait(false))
            {
                if (reader.MoveNext()) return Read();
            }

            return false;
        }
    }
}
