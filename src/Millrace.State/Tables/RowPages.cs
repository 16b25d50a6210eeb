using System.Numerics;
using System.Runtime.CompilerServices;

namespace Millrace.State.Tables;

/// <summary>
/// The pages that the captures of one table are copied into: taken by the thread that owns the table, given back by whoever wrote the run.
/// Keeps as many for the next capture as the one before it took: memory that is given back and taken again costs a fault for each of its pages, which
/// was a twentieth of the time of a task with ten million rows. Thread-safe.
/// </summary>
sealed class PagePool<TRow>
{
    /// <summary>Rows of a page, as a power of two.</summary>
    public static readonly int PageBits = Math.Max(4, BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)(TableLimits.PageBytes / Unsafe.SizeOf<TRow>() + 1))));

    readonly Lock _lock = new();        // Guards the pages at hand.
    readonly Stack<RowPage<TRow>> _idle = [];
    readonly ReadyStock<RowPage<TRow>> _stock = new(TableLimits.StockedPages, static () => RowPage<TRow>.Touched(1 << PageBits));
    int _rented;                        // Since the capture began.
    int _kept = TableLimits.IdlePagesMin;

    /// <summary>A capture begins: what the one before did not need is given back.</summary>
    public void BeginCapture()
    {
        lock (_lock)
        {
            _kept = Math.Max(TableLimits.IdlePagesMin, _rented);
            _rented = 0;
            while (_idle.Count > _kept) _idle.Pop().Free();
        }
    }

    public RowPage<TRow> Rent()
    {
        lock (_lock)
        {
            _rented++;
            if (_idle.TryPop(out RowPage<TRow>? page)) return page;
            if (_rented < TableLimits.StockedPagesMin) return new(1 << PageBits);
        }

        return _stock.TryTake() ?? new(1 << PageBits);
    }

    public void Return(RowPage<TRow> page, int used)
    {
        if (page.Length == 1 << PageBits)
        {
            if (RuntimeHelpers.IsReferenceOrContainsReferences<TRow>()) page.Rows(used).Clear();
            lock (_lock)
            {
                if (_idle.Count < Math.Max(_kept, _rented))
                {
                    _idle.Push(page);
                    return;
                }
            }
        }

        page.Free();
    }
}

/// <summary>Captured rows in pages. Filled by one thread, then read by another; owns its pages until it is disposed.</summary>
/// <param name="pool">Where pages come from.</param>
/// <param name="expected">How many rows there may be at most, so that a small state takes no whole page.</param>
sealed class RowPages<TRow>(PagePool<TRow> pool, long expected) : IDisposable
{
    readonly List<RowPage<TRow>> _pages = [];
    readonly List<(int First, long Tag)> _tags = [];
    RowPage<TRow>? _page;
    int _used;
    int _room;
    long _tag;

    /// <summary>How many rows there are.</summary>
    public int Count => _pages.Count == 0 ? 0 : ((_pages.Count - 1) << PagePool<TRow>.PageBits) + _used;

    /// <summary>A row.</summary>
    public ref TRow this[int index] =>
        ref Unsafe.Add(ref _pages[index >> PagePool<TRow>.PageBits].First, index & ((1 << PagePool<TRow>.PageBits) - 1));

    /// <summary>How many pages there are.</summary>
    public int PageCount => _pages.Count;

    /// <summary>The rows of a page.</summary>
    public Span<TRow> Page(int number) => _pages[number].Rows(number + 1 == _pages.Count ? _used : _pages[number].Length);

    /// <summary>Room for one more row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TRow Add(long tag)
    {
        if (_used == _room) NextPage();
        if (_tag != tag) NextTag(tag);
        return ref Unsafe.Add(ref _page!.First, _used++);
    }

    /// <summary>Room for rows side by side; <see cref="Added"/> says how many were filled.</summary>
    /// <param name="tag">Their tag.</param>
    /// <param name="rows">How many there is room for; at least one.</param>
    public ref TRow Room(long tag, out int rows)
    {
        if (_used == _room) NextPage();
        if (_tag != tag) NextTag(tag);
        rows = _room - _used;
        return ref Unsafe.Add(ref _page!.First, _used);
    }

    /// <summary>Rows were filled in the room that was asked for last.</summary>
    public void Added(int rows) => _used += rows;

    /// <summary>The tag a row was added with.</summary>
    public long TagOf(int index)
    {
        if (_tags.Count == 1) return _tags[0].Tag;
        int low = 0;
        for (int high = _tags.Count - 1; low < high;)
        {
            int middle = (low + high + 1) >>> 1;
            if (_tags[middle].First <= index) low = middle;
            else high = middle - 1;
        }

        return _tags[low].Tag;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < _pages.Count; i++) pool.Return(_pages[i], i + 1 == _pages.Count ? _used : _pages[i].Length);
        _pages.Clear();
        _page = null;
        _used = _room = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void NextTag(long tag)
    {
        _tags.Add((Count, tag));
        _tag = tag;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    void NextPage()
    {
        int whole = 1 << PagePool<TRow>.PageBits;
        if (_pages.Count == 1 && _room < whole)
        {
            // What was expected to be few rows is not.
            RowPage<TRow> larger = pool.Rent();
            _page!.Rows(_used).CopyTo(larger.Rows(_used));
            _page.Free();
            _pages[0] = larger;
            Open(larger, _used);
            return;
        }

        if (_pages.Count == 0) _tags.Add((0, 0));
        RowPage<TRow> next = _pages.Count == 0 && expected < whole ? new((int)Math.Max(expected, 4)) : pool.Rent();
        _pages.Add(next);
        Open(next, 0);
    }

    void Open(RowPage<TRow> page, int used)
    {
        _page = page;
        _room = page.Length;
        _used = used;
    }
}
