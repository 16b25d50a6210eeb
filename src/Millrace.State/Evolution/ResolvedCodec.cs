using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Codecs for what was written as another type, or as an earlier form of the same.</summary>
public static class ResolvedCodec
{
    /// <summary>
    /// A codec that reads what was written with a schema. The codec itself when the schema is its own; otherwise one that is built now, to be kept for as long
    /// as that is read, and that cannot write.
    /// </summary>
    /// <param name="codec">The codec of the type to read.</param>
    /// <param name="written">The schema of what was written.</param>
    /// <param name="use">What values are for.</param>
    /// <exception cref="IncompatibleSchemaException">What was written cannot be read as the type; names the members and the cures.</exception>
    public static Codec<T> ReadingFrom<T>(this Codec<T> codec, TypeSchema written, SchemaUse use = SchemaUse.Value)
    {
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(written);
        if (written.Equals(codec.Schema)) return codec;
        SchemaResolution resolution = SchemaResolver.Resolve(written, typeof(T), use, use == SchemaUse.Key ? "key" : "value");
        if (resolution.Plan is null) throw IncompatibleSchemaException.Of(written, typeof(T), resolution.Problems);
        return (Codec<T>)new ResolvedCodecBuilder(written).Build(resolution.Plan);
    }
}
