using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Millrace.State.Codecs;

/// <summary>The loops that all sequences share: the count plus one (zero for absent), then the elements.</summary>
internal static class SequenceFormat
{
    public static void Write<T>(ref CodecWriter writer, ReadOnlySpan<T> items, Codec<T> element)
    {
        writer.WriteCount(items.Length);
        foreach (T item in items) element.Write(ref writer, item);
    }

    /// <summary>Reads elements into a list whose capacity follows what was really read, not what the count promises.</summary>
    public static List<T> Read<T>(ref CodecReader reader, int count, Codec<T> element)
    {
        List<T> items = new(Math.Min(count, CodecLimits.PreallocatedElementsMax));
        for (int i = 0; i < count; i++) items.Add(element.Read(ref reader));
        return items;
    }
}

/// <summary>The codec of arrays.</summary>
internal sealed class ArrayCodec<T>(Codec<T> element) : Codec<T[]?>
{
    public override void Write(ref CodecWriter writer, T[]? value)
    {
        if (value is null) writer.WriteCount(-1);
        else SequenceFormat.Write(ref writer, value.AsSpan(), element);
    }

    public override T[]? Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) return null;
        if (count > CodecLimits.PreallocatedElementsMax) return [.. SequenceFormat.Read(ref reader, count, element)];
        T[] items = new T[count];
        for (int i = 0; i < items.Length; i++) items[i] = element.Read(ref reader);
        return items;
    }
}

/// <summary>The codec of immutable arrays; the default value is the absent one.</summary>
internal sealed class ImmutableArrayCodec<T>(Codec<T> element) : Codec<ImmutableArray<T>>
{
    readonly ArrayCodec<T> _array = new(element);

    public override void Write(ref CodecWriter writer, ImmutableArray<T> value) => _array.Write(ref writer, ImmutableCollectionsMarshal.AsArray(value));

    public override ImmutableArray<T> Read(ref CodecReader reader) => ImmutableCollectionsMarshal.AsImmutableArray(_array.Read(ref reader));
}

/// <summary>The codec of lists.</summary>
internal sealed class ListCodec<T>(Codec<T> element) : Codec<List<T>?>
{
    public override void Write(ref CodecWriter writer, List<T>? value)
    {
        if (value is null) writer.WriteCount(-1);
        else SequenceFormat.Write<T>(ref writer, CollectionsMarshal.AsSpan(value), element);
    }

    public override List<T>? Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        return count < 0 ? null : SequenceFormat.Read(ref reader, count, element);
    }
}

/// <summary>The codec of all other sequences and of sets: enumerated to write, collected in a list to read.</summary>
internal sealed class CollectedCodec<TCollection, T>(Codec<T> element, Func<List<T>, TCollection> make, bool isSet) : Codec<TCollection?>
    where TCollection : class, IEnumerable<T>
{
    public override void Write(ref CodecWriter writer, TCollection? value)
    {
        if (value is null)
        {
            writer.WriteCount(-1);
            return;
        }

        CollectionFactories.RequireDefaultComparer<TCollection, T>(value);
        int left = value.Count();
        writer.WriteCount(left);
        foreach (T item in value)
        {
            if (--left < 0) break;
            element.Write(ref writer, item);
        }

        if (left != 0) throw new UnencodableValueException($"A {TypeName.Of(value.GetType())} has another number of elements than it says.");
    }

    public override TCollection? Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) return null;
        TCollection collection = make(SequenceFormat.Read(ref reader, count, element));
        if (isSet && collection.Count() != count) reader.Fail("An element of a set occurs twice.");
        return collection;
    }
}
