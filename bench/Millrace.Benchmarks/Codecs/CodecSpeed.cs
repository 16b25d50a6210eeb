using System.Text.Json;
using Millrace.Benchmarks.Measuring;
using Millrace.Benchmarks.Reporting;
using Millrace.Benchmarks.Workloads;
using Millrace.State.Codecs;
using Millrace.State.Evolution;

namespace Millrace.Benchmarks.Codecs;

/// <summary>
/// A record of ten members to bytes and back, a thousand at a time into and out of memory that is in the cache: by the codec that is built from the type, by one
/// written by hand over spans, by System.Text.Json with generated code, and, to read, from the schema of an earlier version.
/// </summary>
static class CodecSpeed
{
    const int BatchRecords = 1_000;
    const double HandMax = 1.5;
    const double JsonMin = 5;

    static readonly string[] Peers = ["codec_encode", "hand_encode", "json_encode", "codec_decode", "hand_decode", "json_decode", "evolved_decode"];

    public static readonly Workload Workload = new("codec-record", null, 1_000_000, Measure) { QuickRecords = 200_000, QuickSamples = 3 };

    static void Measure(WorkloadRun run)
    {
        Passes passes = new(Trade.Some(BatchRecords));
        Action[] all = [passes.CodecEncode, passes.HandEncode, passes.JsonEncode, passes.CodecDecode, passes.HandDecode, passes.JsonDecode, passes.EvolvedDecode];
        Dictionary<string, List<double>> nanoseconds = Peers.ToDictionary(static p => p, static _ => new List<double>());
        Progress progress = new(run.Workload.Name, run.Samples);
        int batches = Math.Max(run.Records / BatchRecords, 1);
        // Sample zero is a rehearsal: the runtime compiles, twice.
        for (int sample = 0; sample <= run.Samples; sample++)
        {
            progress.Sample(sample);
            for (int peer = 0; peer < all.Length; peer++)
            {
                long at = TimeProvider.System.GetTimestamp();
                for (int batch = 0; batch < batches; batch++) all[peer]();
                double taken = TimeProvider.System.GetElapsedTime(at).TotalNanoseconds / ((double)batches * BatchRecords);
                if (sample > 0) nanoseconds[Peers[peer]].Add(taken);
            }
        }

        Print(run, nanoseconds, passes, "encode", null);
        Print(run, nanoseconds, passes, "decode", "evolved_decode");
    }

    static void Print(WorkloadRun run, Dictionary<string, List<double>> nanoseconds, Passes passes, string step, string? evolved)
    {
        List<double> codec = nanoseconds[$"codec_{step}"], hand = nanoseconds[$"hand_{step}"], json = nanoseconds[$"json_{step}"];
        double overHand = Statistics.Median(Statistics.PairwiseRatios(codec, hand)), overJson = Statistics.Median(Statistics.PairwiseRatios(json, codec));
        ResultLine line = new ResultLine()
            .With("bench", $"codec-{step}").With("path", "ten members; memory to memory; one thread").With("records", run.Records)
            .With("codec_ns", Statistics.Median(codec)).With("hand_ns", Statistics.Median(hand)).With("json_ns", Statistics.Median(json))
            .With("codec_bytes", passes.CodecBytes / (double)BatchRecords).With("hand_bytes", passes.HandBytes / (double)BatchRecords).With("json_bytes", passes.JsonBytes / (double)BatchRecords)
            .With("codec_over_hand", overHand).With("json_over_codec", overJson);
        if (evolved is not null)
            line.With("evolved_ns", Statistics.Median(nanoseconds[evolved])).With("evolved_over_codec", Statistics.Median(Statistics.PairwiseRatios(nanoseconds[evolved], codec)));
        run.Output.WriteLine(line.With("samples", codec.Count).With("load", Machine.Load)
            .WithTarget("_hand", overHand, HandMax, isAtMost: true).WithTarget("_json", overJson, JsonMin, isAtMost: false));
    }

    /// <summary>The passes over a batch. What is read is compared with what was written, once.</summary>
    sealed class Passes
    {
        readonly Trade[] _trades;
        readonly Trade[] _read;
        readonly Codec<Trade> _codec = Codec.Of<Trade>();
        readonly Codec<Trade> _evolved = Codec.Of<Trade>().ReadingFrom(Codec.Of<Earlier.Trade>().Schema);
        readonly ByteBuffer _buffer = new(), _earlier = new();
        readonly byte[] _hand;
        readonly MemoryStream _json = new();
        readonly Utf8JsonWriter _writer;
        readonly byte[][] _texts;

        public Passes(Trade[] trades)
        {
            _trades = trades;
            _read = new Trade[trades.Length];
            _hand = new byte[trades.Length * 256];
            _writer = new(_json);
            _texts = [.. trades.Select(static t => JsonSerializer.SerializeToUtf8Bytes(t, TradeJson.Default.Trade))];
            CodecWriter earlier = new(_earlier);
            foreach (Trade trade in trades) Codec.Of<Earlier.Trade>().Write(ref earlier, Earlier.Trade.Of(trade));
            earlier.Flush();
            CodecEncode();
            HandEncode();
            JsonEncode();
            Check(CodecDecode, static t => t);
            Check(HandDecode, static t => t);
            Check(JsonDecode, static t => t);
            Check(EvolvedDecode, static t => t with { Rate = (float)t.Rate, Note = null });
        }

        public int CodecBytes => _buffer.Length;

        public int HandBytes { get; private set; }

        public int JsonBytes => _texts.Sum(static t => t.Length);

        public void CodecEncode()
        {
            _buffer.Clear();
            CodecWriter writer = new(_buffer);
            foreach (Trade trade in _trades) _codec.Write(ref writer, trade);
            writer.Flush();
        }

        public void HandEncode()
        {
            int at = 0;
            foreach (Trade trade in _trades) at += HandCodec.Write(_hand.AsSpan(at), trade);
            HandBytes = at;
        }

        public void JsonEncode()
        {
            _json.Position = 0;
            foreach (Trade trade in _trades)
            {
                _writer.Reset(_json);
                JsonSerializer.Serialize(_writer, trade, TradeJson.Default.Trade);
            }
        }

        public void CodecDecode()
        {
            CodecReader reader = new(_buffer.Written);
            for (int i = 0; i < _read.Length; i++) _read[i] = _codec.Read(ref reader);
        }

        public void EvolvedDecode()
        {
            CodecReader reader = new(_earlier.Written);
            for (int i = 0; i < _read.Length; i++) _read[i] = _evolved.Read(ref reader);
        }

        public void HandDecode()
        {
            ReadOnlySpan<byte> bytes = _hand.AsSpan(0, HandBytes);
            int at = 0;
            for (int i = 0; i < _read.Length; i++) _read[i] = HandCodec.Read(bytes, ref at);
        }

        public void JsonDecode()
        {
            for (int i = 0; i < _read.Length; i++) _read[i] = JsonSerializer.Deserialize(_texts[i], TradeJson.Default.Trade)!;
        }

        void Check(Action decode, Func<Trade, Trade> expected)
        {
            Array.Clear(_read);
            decode();
            if (!_read.SequenceEqual(_trades.Select(expected))) throw new BenchmarkException($"what {decode.Method.Name} reads is not what was written");
        }
    }
}
