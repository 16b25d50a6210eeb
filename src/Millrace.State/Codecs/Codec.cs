namespace Millrace.State.Codecs;

/// <summary>
/// Turns values of one type into bytes and back. Built from the type once, when planning; afterwards immutable and
/// thread-safe, without reflection. The bytes are described in <c>docs/FORMATS.md</c>, section "Row encoding".
/// </summary>
public abstract class Codec
{
    TypeSchema? _schema;
    object? _isDeeplyImmutable; // A boxed bool: written at once, whichever thread is first.

    internal Codec()
    {
    }

    /// <summary>The type whose values are encoded.</summary>
    public abstract Type Type { get; }

    /// <summary>What the bytes mean, for readers without the type.</summary>
    public TypeSchema Schema => _schema ??= SchemaBuilder.Of(Type);

    /// <summary>
    /// Whether a copy of a value can never change: then state tables capture it by copying, otherwise <c>Get</c> counts as a write.
    /// True for scalars except byte arrays, for structs and read-only classes of such members, and for immutable collections of them.
    /// </summary>
    public bool IsDeeplyImmutable => (bool)(_isDeeplyImmutable ??= DeepImmutability.Of(Type));

    /// <summary>The codec of a type. The first call checks and compiles, later calls cost a field read.</summary>
    /// <typeparam name="T">The type.</typeparam>
    /// <returns>The same codec for the same type.</returns>
    /// <exception cref="UnsupportedTypeException">The type cannot be stored; all problems are listed.</exception>
    public static Codec<T> Of<T>() => Cached<T>.Plain ??= (Codec<T>)Build(typeof(T), asKey: false);

    /// <summary>The codec of a type that is known only at run time. Checks and compiles at every call.</summary>
    /// <param name="type">The type.</param>
    /// <returns>A <see cref="Codec{T}"/> of the type.</returns>
    /// <exception cref="UnsupportedTypeException">The type cannot be stored; all problems are listed.</exception>
    public static Codec Of(Type type) => Build(type, asKey: false);

    /// <summary>
    /// The codec of a key type: equal keys have equal bytes, because scalars are brought into their canonical form before they
    /// are written. A key that is read back equals the key written, but 1.00m comes back as 1m, and a time in UTC.
    /// </summary>
    /// <typeparam name="TKey">The key type.</typeparam>
    /// <returns>The same codec for the same type.</returns>
    /// <exception cref="UnsupportedTypeException">The type cannot be a key, or cannot be stored; all problems are listed.</exception>
    public static Codec<TKey> OfKey<TKey>() => Cached<TKey>.Key ??= (Codec<TKey>)Build(typeof(TKey), asKey: true);

    static Codec Build(Type type, bool asKey)
    {
        IReadOnlyList<TypeProblem> problems = asKey ? KeyTypes.Problems(type) : [];
        if (problems.Count > 0) throw new UnsupportedTypeException(type, "a key", problems);
        problems = CodecCheck.Problems(type);
        if (problems.Count > 0) throw new UnsupportedTypeException(type, "stored", problems);
        return new CodecBuilder(asKey).Build(type);
    }

    // Two threads may both build one; the codecs are equivalent.
    static class Cached<T>
    {
        public static Codec<T>? Plain, Key;
    }
}

/// <summary>Turns values of one type into bytes and back. Immutable and thread-safe.</summary>
/// <typeparam name="T">The type.</typeparam>
public abstract class Codec<T> : Codec
{
    internal Codec()
    {
    }

    /// <inheritdoc/>
    public sealed override Type Type => typeof(T);

    /// <summary>Writes a value.</summary>
    /// <param name="writer">Receives the bytes; at least one per value.</param>
    /// <param name="value">Null where the type allows it. Nothing may change it meanwhile.</param>
    /// <exception cref="UnencodableValueException">The value nests too deep, or reading it back would give another value.</exception>
    public abstract void Write(ref CodecWriter writer, T value);

    /// <summary>Reads a value.</summary>
    /// <param name="reader">Gives the bytes; stands after the value afterwards.</param>
    /// <returns>An equal value.</returns>
    /// <exception cref="CorruptDataException">The bytes are not a value of this type.</exception>
    public abstract T Read(ref CodecReader reader);

    /// <summary>Writes a value that is not null, without the mark that says so. The same as <see cref="Write"/> where there is no mark.</summary>
    internal virtual void WriteBody(ref CodecWriter writer, T value) => Write(ref writer, value);

    /// <summary>Reads what <see cref="WriteBody"/> wrote.</summary>
    internal virtual T ReadBody(ref CodecReader reader) => Read(ref reader);
}

/// <summary>Writes a value; compiled.</summary>
internal delegate void WriteValue<T>(ref CodecWriter writer, T value);

/// <summary>Reads a value; compiled.</summary>
internal delegate T ReadValue<T>(ref CodecReader reader);

/// <summary>A codec whose values are never null, or mark null themselves: scalars, enumerations, structs.</summary>
internal sealed class PlainCodec<T>(WriteValue<T> write, ReadValue<T> read) : Codec<T>
{
    public override void Write(ref CodecWriter writer, T value) => write(ref writer, value);

    public override T Read(ref CodecReader reader) => read(ref reader);
}

/// <summary>A codec of a class without a mark of its own for null: a presence byte, then the body.</summary>
internal sealed class ObjectCodec<T>(WriteValue<T> write, ReadValue<T> read) : Codec<T> where T : class?
{
    public override void Write(ref CodecWriter writer, T value)
    {
        writer.Write(value is not null);
        if (value is not null) WriteBody(ref writer, value);
    }

    public override T Read(ref CodecReader reader) => reader.ReadBoolean() ? ReadBody(ref reader) : null!;

    internal override void WriteBody(ref CodecWriter writer, T value)
    {
        // Members of a derived class would be lost. For sealed classes the JIT cannot tell, but the comparison is cheap.
        if (value!.GetType() != typeof(T) && typeof(T) != typeof(Uri)) throw Derived(value);
        write(ref writer, value);
    }

    internal override T ReadBody(ref CodecReader reader) => read(ref reader);

    static UnencodableValueException Derived(T value) => new(
        $"A {TypeName.Of(value!.GetType())} is where a {TypeName.Of(typeof(T))} is declared, and its own members would be lost. Declare the base as a closed hierarchy, or seal it.");
}

/// <summary>A codec of Nullable: a presence byte, then the value.</summary>
internal sealed class NullableCodec<T>(Codec<T> inner) : Codec<T?> where T : struct
{
    public override void Write(ref CodecWriter writer, T? value)
    {
        writer.Write(value.HasValue);
        if (value.HasValue) inner.Write(ref writer, value.GetValueOrDefault());
    }

    public override T? Read(ref CodecReader reader) => reader.ReadBoolean() ? inner.Read(ref reader) : null;

    internal override void WriteBody(ref CodecWriter writer, T? value) => inner.Write(ref writer, value.GetValueOrDefault());

    internal override T? ReadBody(ref CodecReader reader) => inner.Read(ref reader);
}

/// <summary>
/// Stands for a codec that is still being built because its type contains itself. Every level of such a value passes here,
/// so this is where depth is bounded.
/// </summary>
internal sealed class RecursiveCodec<T> : Codec<T>, IRecursiveCodec
{
    Codec<T> _target = null!;

    public void Resolve(Codec target) => _target = (Codec<T>)target;

    public override void Write(ref CodecWriter writer, T value)
    {
        writer.Enter();
        _target.Write(ref writer, value);
        writer.Leave();
    }

    public override T Read(ref CodecReader reader)
    {
        reader.Enter();
        T value = _target.Read(ref reader);
        reader.Leave();
        return value;
    }

    internal override void WriteBody(ref CodecWriter writer, T value)
    {
        writer.Enter();
        _target.WriteBody(ref writer, value);
        writer.Leave();
    }

    internal override T ReadBody(ref CodecReader reader)
    {
        reader.Enter();
        T value = _target.ReadBody(ref reader);
        reader.Leave();
        return value;
    }
}

/// <summary>The seam by which a builder completes a <see cref="RecursiveCodec{T}"/>.</summary>
internal interface IRecursiveCodec
{
    /// <summary>Sets the codec that was being built.</summary>
    void Resolve(Codec target);
}
