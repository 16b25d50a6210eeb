namespace Millrace.State.Codecs;

/// <summary>Reading that all maps share: the count plus one (zero for absent), then key, value, key, value.</summary>
internal static class MapFormat
{
    public static Dictionary<TKey, TValue> Read<TKey, TValue>(ref CodecReader reader, int count, Codec<TKey> key, Codec<TValue> value) where TKey : notnull
    {
        Dictionary<TKey, TValue> pairs = new(Math.Min(count, CodecLimits.PreallocatedElementsMax));
        for (int i = 0; i < count; i++)
        {
            TKey name = key.Read(ref reader);
            if (name is null) reader.Fail("A key of a map is absent.");
            if (!pairs.TryAdd(name, value.Read(ref reader))) reader.Fail("A key of a map occurs twice.");
        }

        return pairs;
    }
}

/// <summary>The codec of dictionaries.</summary>
internal sealed class DictionaryCodec<TKey, TValue>(Codec<TKey> key, Codec<TValue> value) : Codec<Dictionary<TKey, TValue>?> where TKey : notnull
{
    public override void Write(ref CodecWriter writer, Dictionary<TKey, TValue>? map)
    {
        writer.WriteCount(map is null ? -1 : map.Count);
        if (map is null) return;
        CollectionFactories.RequireDefaultComparer<Dictionary<TKey, TValue>, TKey, TValue>(map);
        foreach ((TKey name, TValue held) in map)
        {
            key.Write(ref writer, name);
            value.Write(ref writer, held);
        }
    }

    public override Dictionary<TKey, TValue>? Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        return count < 0 ? null : MapFormat.Read(ref reader, count, key, value);
    }
}

/// <summary>The codec of all other maps: enumerated to write, collected in a dictionary to read.</summary>
internal sealed class CollectedMapCodec<TMap, TKey, TValue>(Codec<TKey> key, Codec<TValue> value, Func<Dictionary<TKey, TValue>, TMap> make) : Codec<TMap?>
    where TMap : class, IEnumerable<KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    public override void Write(ref CodecWriter writer, TMap? map)
    {
        if (map is null)
        {
            writer.WriteCount(-1);
            return;
        }

        CollectionFactories.RequireDefaultComparer<TMap, TKey, TValue>(map);
        int left = map.Count();
        writer.WriteCount(left);
        foreach ((TKey name, TValue held) in map)
        {
            if (--left < 0) break;
            key.Write(ref writer, name);
            value.Write(ref writer, held);
        }

        if (left != 0) throw new UnencodableValueException($"A {TypeName.Of(map.GetType())} has another number of elements than it says.");
    }

    public override TMap? Read(ref CodecReader reader)
    {
        int count = reader.ReadCount();
        if (count < 0) return null;
        TMap map = make(MapFormat.Read(ref reader, count, key, value));
        if (map.Count() != count) reader.Fail($"Keys of a {TypeName.Of(typeof(TMap))} are different, and one in its order.");
        return map;
    }
}
