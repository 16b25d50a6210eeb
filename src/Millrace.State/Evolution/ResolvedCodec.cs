using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>Codecs for what was written as another type, or as an earlier form of the same.</summary>
public static class ResolvedCodec
{
    // Every task of an operator restores from the same schema. Two may both build a codec; they are equivalent.
    static readonly ConditionalWeakTable<Codec, ConcurrentDictionary<(string Written, SchemaUse Use), Codec>> s_built = [];

    /// <summary>
    /// A codec that reads what was written with a schema. The codec itself when the schema is its own; otherwise one that
    /// cannot write, built at the first call and the same at later ones.
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
        ConcurrentDictionary<(string Written, SchemaUse Use), Codec> built = s_built.GetOrCreateValue(codec);
        if (built.TryGetValue((written.Text, use), out Codec? known)) return (Codec<T>)known;
        SchemaResolution resolution = SchemaResolver.Resolve(written, typeof(T), use, use == SchemaUse.Key ? "key" : "value");
        if (resolution.Plan is null) throw IncompatibleSchemaException.Of(written, typeof(T), resolution.Problems);
        return (Codec<T>)(built[(written.Text, use)] = new ResolvedCodecBuilder(written).Build(resolution.Plan));
    }
}
