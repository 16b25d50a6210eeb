using Millrace.State.Codecs;
using Millrace.State.Evolution;

namespace Millrace.Tests.State.Evolution;

/// <summary>Writes values of one type and reads them as another.</summary>
static class Evolving
{
    /// <summary>What was written as one type, as the other.</summary>
    public static TNew Read<TOld, TNew>(TOld value) =>
        Codec.Of<TNew>().ReadingFrom(Codec.Of<TOld>().Schema).Decode(Codec.Of<TOld>().Encode(value));

    /// <summary>What has changed, in words.</summary>
    public static string[] Changes<TOld, TNew>(SchemaUse use = SchemaUse.Value)
    {
        SchemaResolution resolution = SchemaResolver.Resolve(Codec.Of<TOld>().Schema, typeof(TNew), use, "value");
        Assert.Empty(resolution.Problems);
        return [.. resolution.Changes.Select(static c => c.ToString())];
    }

    /// <summary>What cannot be read, in words.</summary>
    public static string[] Problems<TOld, TNew>(SchemaUse use = SchemaUse.Value) =>
        [.. SchemaResolver.Resolve(Codec.Of<TOld>().Schema, typeof(TNew), use, "value").Problems.Select(static c => c.ToString())];
}
