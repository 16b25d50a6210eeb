using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Millrace.Connectors.Files;

/// <summary>How records become rows. Immutable; shared by all writers of a sink.</summary>
internal abstract class OutputFormat<T>
{
    /// <summary>For plans: <c>CSV</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Of the parts in a folder: <c>.csv</c>.</summary>
    public abstract string Extension { get; }

    public virtual IEnumerable<string> Problems => [];

    public abstract RowEncoder<T> CreateEncoder();
}

/// <summary>Writes rows. Owned by one writer.</summary>
internal abstract class RowEncoder<T>
{
    /// <summary>Writes what the file begins with.</summary>
    public virtual void Begin(ArrayBufferWriter<byte> buffer)
    {
    }

    public abstract void Encode(T value, ArrayBufferWriter<byte> buffer);
}

/// <summary>A text per line.</summary>
internal sealed class LineOutput<T>(Func<T, string> format) : OutputFormat<T>
{
    public override string Name => "lines to";

    public override string Extension => ".txt";

    public override RowEncoder<T> CreateEncoder() => new Encoder(format);

    sealed class Encoder(Func<T, string> format) : RowEncoder<T>
    {
        public override void Encode(T value, ArrayBufferWriter<byte> buffer)
        {
            Encoding.UTF8.GetBytes(format(value), buffer);
            buffer.Write("\n"u8);
        }
    }
}

/// <summary>A JSON value per line.</summary>
internal sealed class JsonOutput<T>(JsonSerializerOptions options) : OutputFormat<T>
{
    public override string Name => "JSON lines to";

    public override string Extension => ".jsonl";

    public override RowEncoder<T> CreateEncoder() => new Encoder(options);

    sealed class Encoder(JsonSerializerOptions options) : RowEncoder<T>
    {
        // One writer for all records. Its own settings hold, so a value stays on its line whatever the options say.
        readonly Utf8JsonWriter _json = new(Stream.Null, new JsonWriterOptions { Encoder = options.Encoder, SkipValidation = true });

        public override void Encode(T value, ArrayBufferWriter<byte> buffer)
        {
            _json.Reset(buffer);
            JsonSerializer.Serialize(_json, value, options);
            buffer.Write("\n"u8);
        }
    }
}
