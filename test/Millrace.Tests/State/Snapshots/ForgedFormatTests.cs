using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Hosting;
using Millrace.Runtime;
using Millrace.Runtime.Durable;
using Millrace.Runtime.Planning;
using Millrace.Runtime.Transport;
using Millrace.State.Codecs;
using Millrace.State.Snapshots;
using Millrace.Tests.Runtime.Durable;
using Millrace.Tests.Runtime.Transport;

namespace Millrace.Tests.State.Snapshots;

/// <summary>
/// What is written as JSON, changed where a checksum does not help: it was forged as well, or there is none. What comes of it is something or a typed error, never another exception, and what is
/// read can be written and read again.
/// </summary>
public sealed class ForgedFormatTests
{
    const int Rounds = 2_000;

    static readonly JsonWriterOptions s_lines = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 2_000 };

    [Fact]
    public void Manifest_ForgedWithItsHash_IsAManifestOrATypedError()
    {
        JsonNode original = JsonNode.Parse(ManifestJson.Write(SnapshotSamples.Manifest()))!;
        original.AsObject().Remove("sha256");
        Try(original, static bytes =>
        {
            byte[] sealedBytes = bytes[0] == '{' && bytes.Length > 3 ? ManifestSeal.Seal(bytes) : bytes;
            byte[] again = ManifestJson.Write(ManifestJson.Read(sealedBytes, "x"));
            Assert.Equal(again, ManifestJson.Write(ManifestJson.Read(again, "x")));
        }, static e => e is SnapshotCorruptException or NewerFormatException);
    }

    [Fact]
    public void LedgerEntry_Forged_IsAnEntryOrATypedError()
    {
        foreach (byte[] bytes in LedgerJsonTests.EventNumbers.Select(static row => LedgerJsonTests.BytesOf(row.Data)))
        {
            Try(JsonNode.Parse(bytes)!, static forged =>
            {
                byte[] again = LedgerEntry.Read("k", forged).ToBytes();
                Assert.Equal(again, LedgerEntry.Read("k", again).ToBytes());
            }, static e => e is LedgerCorruptException or LedgerTooNewException, rounds: Rounds / 10);
        }
    }

    [Fact]
    public void TermClaim_Forged_IsAClaimOrATypedError()
    {
        TermClaim claim = new(7, "machine-1", "tcp://machine-1:4711/?token=00112233445566778899aabbccddeeff", "00112233445566778899aabbccddeeff", DateTimeOffset.UnixEpoch);
        Assert.Equal(claim, TermClaim.Read("k", claim.ToBytes()));
        Try(JsonNode.Parse(claim.ToBytes())!, static forged => Assert.Equal(TermClaim.Read("k", forged), TermClaim.Read("k", TermClaim.Read("k", forged).ToBytes())), static e => e is LedgerCorruptException or LedgerTooNewException);
        TryBytes(claim.ToBytes(), static damaged => TermClaim.Read("k", damaged), static e => e is LedgerCorruptException or LedgerTooNewException);
    }

    /// <summary>A hint is never an error.</summary>
    [Fact]
    public void Head_Forged_IsAHint()
    {
        byte[] head = new LedgerHead(7, 41).ToBytes();
        Assert.Equal(new LedgerHead(7, 41), LedgerHead.Read(head));
        Try(JsonNode.Parse(head)!, static forged => LedgerHead.Read(forged), static _ => false, refusedMin: 0);
        TryBytes(head, static damaged => LedgerHead.Read(damaged), static _ => false);
    }

    [Fact]
    public void SchemaLock_Forged_IsALockOrAnErrorWithItsLine()
    {
        string text = SchemaLock.Of("evolving", ProgramSchema.Of(EvolvingJob.FlowBefore(new(1, -1), new()).Build(), new EmbeddedOptions { Parallelism = 1 })).Text;
        Try(JsonNode.Parse(text)!, static forged =>
        {
            string again = SchemaLock.Read(Encoding.UTF8.GetString(forged)).Text;
            Assert.Equal(again, SchemaLock.Read(again).Text);
        }, static e => e is FormatException);
        TryBytes(Encoding.UTF8.GetBytes(text), static damaged => SchemaLock.Read(Encoding.UTF8.GetString(damaged)), static e => e is FormatException);
    }

    [Fact]
    public void Schema_Forged_IsASchemaOrATypedError()
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Codec.Of<Codecs.CodecSamples.Everything>().Schema.ToJson());
        Try(JsonNode.Parse(bytes)!, static forged =>
        {
            TypeSchema schema = TypeSchema.FromJson(forged);
            Assert.Equal(schema, TypeSchema.FromJson(Encoding.UTF8.GetBytes(schema.ToJson())));
        }, static e => e is CorruptDataException);
        TryBytes(bytes, static damaged => TypeSchema.FromJson(damaged), static e => e is CorruptDataException);
    }

    [Fact]
    public void Control_Forged_IsAMessageOrNone()
    {
        byte[] request = ControlJson.Line(new ControlRequest { Command = ControlRequest.Savepoint, Token = "00ff", Target = "file:///backup", Id = 7 });
        byte[] reply = ControlJson.Line(new ControlReply(true, "savepoint 17 is there", "file:///backup/17"));
        Try(JsonNode.Parse(request)!, static forged => ControlJson.TryRead<ControlRequest>(forged), static _ => false, refusedMin: 0);
        Try(JsonNode.Parse(reply)!, static forged => ControlJson.TryRead<ControlReply>(forged), static _ => false, refusedMin: 0);
        TryBytes(request, static damaged => ControlJson.TryRead<ControlRequest>(damaged), static _ => false);
        TryBytes(reply, static damaged => ControlJson.TryRead<ControlReply>(damaged), static _ => false);
    }

    [Fact]
    public void Message_WithManyBytesChanged_IsAMessageOrATypedError()
    {
        foreach (byte[] bytes in MessageSamples.All.Select(MessageCodec.Encode))
        {
            TryBytes(bytes, static damaged =>
            {
                byte[] again = MessageCodec.Encode(MessageCodec.Decode(damaged));
                Assert.Equal(again, MessageCodec.Encode(MessageCodec.Decode(again)));
            }, static e => e is CorruptDataException, rounds: Rounds / 4);
        }
    }

    static void Try(JsonNode original, Action<byte[]> read, Func<Exception, bool> isTyped, int rounds = Rounds, int refusedMin = 1)
    {
        int refused = 0;
        foreach (int seed in Fuzzing.Seeds(rounds))
        {
            byte[] forged = Bytes(ForgedJson.Of(original, new Random(seed)));
            if (IsRefused(forged, read, isTyped, seed)) refused++;
        }

        Assert.InRange(refused, Math.Min(refusedMin, rounds), rounds * Fuzzing.Times);
    }

    static void TryBytes(byte[] original, Action<byte[]> read, Func<Exception, bool> isTyped, int rounds = Rounds)
    {
        foreach (int seed in Fuzzing.Seeds(rounds))
        {
            Random random = new(seed);
            byte[] damaged = random.Next(4) == 0 ? original[..random.Next(original.Length)] : [.. original];
            for (int changes = random.Next(1, 5); changes > 0 && damaged.Length > 0; changes--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            if (random.Next(6) == 0) damaged = [.. damaged, .. damaged[..random.Next(damaged.Length + 1)]];
            IsRefused(damaged, read, isTyped, seed);
        }
    }

    static bool IsRefused(byte[] bytes, Action<byte[]> read, Func<Exception, bool> isTyped, int seed)
    {
        try
        {
            read(bytes);
            return false;
        }
        catch (Exception e) when (isTyped(e))
        {
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{Encoding.UTF8.GetString(bytes)}", e);
        }
    }

    static byte[] Bytes(JsonNode? node)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, s_lines))
        {
            if (node is null) json.WriteNullValue();
            else node.WriteTo(json, new JsonSerializerOptions { MaxDepth = 2_000 });
        }

        return stream.ToArray();
    }
}
