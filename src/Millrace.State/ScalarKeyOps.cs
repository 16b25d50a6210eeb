using System.Runtime.CompilerServices;
using System.Text;

namespace Millrace.State;

/// <summary>Operations of <see cref="string"/> keys.</summary>
public readonly struct StringKeyOps : IKeyOps<string>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(string key) => KeyHash.Finish(KeyWord.Of(key.AsSpan()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(string left, string right) => string.Equals(left, right);
}

/// <summary>Operations of <see cref="Guid"/> keys.</summary>
public readonly struct GuidKeyOps : IKeyOps<Guid>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(Guid key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Guid left, Guid right) => left == right;
}

/// <summary>Operations of <see cref="Rune"/> keys.</summary>
public readonly struct RuneKeyOps : IKeyOps<Rune>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(Rune key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Rune left, Rune right) => left == right;
}

/// <summary>Operations of <see cref="Half"/> keys.</summary>
public readonly struct HalfKeyOps : IKeyOps<Half>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(Half key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Half left, Half right) => left.Equals(right);
}

/// <summary>Operations of <see cref="float"/> keys.</summary>
public readonly struct SingleKeyOps : IKeyOps<float>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(float key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(float left, float right) => left.Equals(right);
}

/// <summary>Operations of <see cref="double"/> keys.</summary>
public readonly struct DoubleKeyOps : IKeyOps<double>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(double key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(double left, double right) => left.Equals(right);
}

/// <summary>Operations of <see cref="decimal"/> keys.</summary>
public readonly struct DecimalKeyOps : IKeyOps<decimal>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(decimal key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(decimal left, decimal right) => left == right;
}

/// <summary>Operations of <see cref="DateTime"/> keys.</summary>
public readonly struct DateTimeKeyOps : IKeyOps<DateTime>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(DateTime key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(DateTime left, DateTime right) => left == right;
}

/// <summary>Operations of <see cref="DateTimeOffset"/> keys.</summary>
public readonly struct DateTimeOffsetKeyOps : IKeyOps<DateTimeOffset>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(DateTimeOffset key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(DateTimeOffset left, DateTimeOffset right) => left == right;
}

/// <summary>Operations of <see cref="Timestamp"/> keys.</summary>
public readonly struct TimestampKeyOps : IKeyOps<Timestamp>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(Timestamp key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(Timestamp left, Timestamp right) => left == right;
}

/// <summary>Operations of <see cref="TimeSpan"/> keys.</summary>
public readonly struct TimeSpanKeyOps : IKeyOps<TimeSpan>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(TimeSpan key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(TimeSpan left, TimeSpan right) => left == right;
}

/// <summary>Operations of <see cref="DateOnly"/> keys.</summary>
public readonly struct DateOnlyKeyOps : IKeyOps<DateOnly>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(DateOnly key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(DateOnly left, DateOnly right) => left == right;
}

/// <summary>Operations of <see cref="TimeOnly"/> keys.</summary>
public readonly struct TimeOnlyKeyOps : IKeyOps<TimeOnly>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(TimeOnly key) => KeyHash.Finish(KeyWord.Of(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(TimeOnly left, TimeOnly right) => left == right;
}

/// <summary>Operations of an enumeration's keys, which are those of its underlying integer: names never matter.</summary>
/// <typeparam name="TEnum">The enumeration.</typeparam>
/// <typeparam name="TUnderlying">Its underlying integer type.</typeparam>
/// <typeparam name="TOps">The operations of the underlying integer type.</typeparam>
public readonly struct EnumKeyOps<TEnum, TUnderlying, TOps> : IKeyOps<TEnum>
    where TEnum : struct, Enum
    where TUnderlying : struct
    where TOps : struct, IKeyOps<TUnderlying>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(TEnum key) => default(TOps).Hash(Unsafe.BitCast<TEnum, TUnderlying>(key));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equals(TEnum left, TEnum right) =>
        default(TOps).Equals(Unsafe.BitCast<TEnum, TUnderlying>(left), Unsafe.BitCast<TEnum, TUnderlying>(right));
}
