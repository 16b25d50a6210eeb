using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Millrace.State.Tables;

/// <summary>
/// Memory for captured rows. Rows without references lie outside the collector's heap: a capture of a large state fills hundreds of megabytes that
/// are free again a second later, and as garbage that made the collector stop tasks for tens of milliseconds. Owned by one thread at a time.
/// </summary>
sealed unsafe class RowPage<TRow>
{
    readonly TRow[]? _array;
    void* _memory;

    public RowPage(int length)
    {
        Length = length;
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TRow>()) _array = new TRow[length];
        else _memory = NativeMemory.Alloc((nuint)length, (nuint)Unsafe.SizeOf<TRow>());
    }

    ~RowPage() => Free();

    /// <summary>A page whose memory is there already.</summary>
    public static RowPage<TRow> Touched(int length)
    {
        RowPage<TRow> page = new(length);
        int step = Math.Max(1, Environment.SystemPageSize / Unsafe.SizeOf<TRow>());
        for (int i = 0; i < length; i += step) Unsafe.Add(ref page.First, i) = default!;
        return page;
    }

    /// <summary>How many rows there is room for.</summary>
    public int Length { get; }

    /// <summary>The first row. The page must outlive the reference, and must not have been freed.</summary>
    public ref TRow First
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if (RuntimeHelpers.IsReferenceOrContainsReferences<TRow>()) return ref MemoryMarshal.GetArrayDataReference(_array!);
            return ref Unsafe.AsRef<TRow>(_memory);
        }
    }

    /// <summary>Some rows from the first on.</summary>
    public Span<TRow> Rows(int count) => MemoryMarshal.CreateSpan(ref First, count);

    /// <summary>Gives the memory back. Nobody may have a reference to a row.</summary>
    public void Free()
    {
        void* memory = _memory;
        _memory = null;
        NativeMemory.Free(memory);
        GC.SuppressFinalize(this);
    }
}
