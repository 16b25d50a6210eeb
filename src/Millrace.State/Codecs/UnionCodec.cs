namespace Millrace.State.Codecs;

/// <summary>One case of a closed hierarchy, seen through the common type.</summary>
internal abstract class UnionCase<TUnion>
{
    public abstract Type Type { get; }

    public abstract void Write(ref CodecWriter writer, TUnion value);

    public abstract TUnion Read(ref CodecReader reader);
}

/// <summary>A case with its codec.</summary>
internal sealed class UnionCase<TUnion, TCase>(Codec<TCase> codec) : UnionCase<TUnion> where TCase : TUnion
{
    public override Type Type => typeof(TCase);

    public override void Write(ref CodecWriter writer, TUnion value) => codec.WriteBody(ref writer, (TCase)value!);

    public override TUnion Read(ref CodecReader reader) => codec.ReadBody(ref reader);
}

/// <summary>The codec of a closed hierarchy: the index of the case plus one (zero for absent), then the body of the case.</summary>
internal sealed class UnionCodec<TUnion>(UnionCase<TUnion>[] cases) : Codec<TUnion>
{
    // A few types compare faster than they hash.
    readonly Type[] _types = [.. cases.Select(c => c.Type)];

    public override void Write(ref CodecWriter writer, TUnion value)
    {
        if (value is null)
        {
            writer.WriteVarint(0);
            return;
        }

        int index = Array.IndexOf(_types, value.GetType());
        if (index < 0) throw new UnencodableValueException($"A {TypeName.Of(value.GetType())} is not among the cases of {TypeName.Of(typeof(TUnion))}.");
        writer.WriteVarint((ulong)index + 1);
        cases[index].Write(ref writer, value);
    }

    public override TUnion Read(ref CodecReader reader)
    {
        ulong index = reader.ReadVarint((ulong)cases.Length);
        return index == 0 ? default! : cases[index - 1].Read(ref reader);
    }
}
