using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Reads what was written as another type. Never writes.</summary>
internal abstract class ReadingCodec<T> : Codec<T>
{
    public sealed override void Write(ref CodecWriter writer, T value) => throw new System.Diagnostics.UnreachableException("a codec that reads an older schema writes nothing");
}

/// <summary>Reads with a compiled delegate.</summary>
internal sealed class CompiledReading<T>(ReadValue<T> read) : ReadingCodec<T>
{
    public override T Read(ref CodecReader reader) => read(ref reader);
}

/// <summary>Reads the body of a value, without its mark of presence, as its own codec does.</summary>
internal sealed class BodyReading<T>(Codec<T> own) : ReadingCodec<T>
{
    public override T Read(ref CodecReader reader) => own.ReadBody(ref reader);
}

/// <summary>Reads a presence byte, then the value.</summary>
internal sealed class OptionalReading<T>(Codec<T> inner) : ReadingCodec<T> where T : class?
{
    public override T Read(ref CodecReader reader) => reader.ReadBoolean() ? inner.Read(ref reader) : null!;
}

/// <summary>Reads a value that was never absent where it may be now.</summary>
internal sealed class LiftedReading<T>(Codec<T> inner) : ReadingCodec<T?> where T : struct
{
    public override T? Read(ref CodecReader reader) => inner.Read(ref reader);
}

/// <summary>Reads an older form and upgrades it.</summary>
internal sealed class UpgradedReading<T, TOld>(Codec<TOld> old) : ReadingCodec<T> where T : IUpgrade<T, TOld>
{
    public override T Read(ref CodecReader reader) => T.Upgrade(old.Read(ref reader));
}

/// <summary>Reads the number of an enumeration of which some names have other numbers now.</summary>
/// <param name="number">Reads the number as it was written.</param>
/// <param name="numbers">The numbers by those that were written.</param>
internal sealed class RenumberedReading<T>(ReadValue<Int128> number, Dictionary<Int128, T> numbers) : ReadingCodec<T> where T : struct, Enum
{
    public override T Read(ref CodecReader reader)
    {
        Int128 written = number(ref reader);
        if (!numbers.TryGetValue(written, out T value)) reader.Fail($"The number {written} has no name in what was written, and numbers of {TypeName.Of(typeof(T))} have changed.");
        return value;
    }
}
