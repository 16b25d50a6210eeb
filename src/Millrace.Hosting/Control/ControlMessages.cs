using System.Text.Json;
using System.Text.Json.Serialization;

namespace Millrace.Hosting;

/// <summary>What the process that runs a job can be asked. Immutable; one line of JSON on the wire (<c>docs/FORMATS.md</c>, section "Control").</summary>
public sealed record ControlRequest
{
    /// <summary>The commands.</summary>
    public const string Status = "status", Checkpoint = "checkpoint", Savepoint = "savepoint", Stop = "stop", Cancel = "cancel", Pin = "pin", Unpin = "unpin",
        Dispose = "dispose", DisposeSavepoint = "disposeSavepoint", Borrow = "borrow", Return = "return";

    /// <summary>One of the commands.</summary>
    public required string Command { get; init; }

    /// <summary>The token of the address; filled in when it is sent.</summary>
    public string Token { get; init; } = "";

    /// <summary>Savepoints: the address under which the folder is made; null for the job's own place.</summary>
    public string? Target { get; init; }

    /// <summary>Stop: whether all windows and event timers fire first.</summary>
    public bool IsDrain { get; init; }

    /// <summary>Cancel: whether a savepoint is taken first.</summary>
    public bool IsSavepoint { get; init; }

    /// <summary>Pin, unpin, dispose, borrow, return: the id of the checkpoint; 0 with the first three for the newest.</summary>
    public long Id { get; init; }

    /// <summary>Pin, borrow: why, for people.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Borrow, return: names the pin of the job that reads the checkpoint.</summary>
    public string Borrower { get; init; } = "";

    /// <summary>Whether the answer comes at once, and not when work is done.</summary>
    [JsonIgnore]
    public bool IsQuick => Command == Status;
}

/// <summary>What came of a request. Immutable; one line of JSON on the wire.</summary>
/// <param name="IsDone">Whether what was asked for was done.</param>
/// <param name="Text">Sentences or lines for people.</param>
/// <param name="Savepoint">The address of the savepoint that was taken; null for none.</param>
public sealed record ControlReply(bool IsDone, string Text, string? Savepoint = null);

/// <summary>Messages as lines.</summary>
static class ControlJson
{
    /// <summary>The longest line, in bytes.</summary>
    public const int LineBytesMax = 16_384;

    public static byte[] Line<T>(T message) => [.. JsonSerializer.SerializeToUtf8Bytes(message, JsonSerializerOptions.Web), (byte)'\n'];

    /// <summary>Reads a message; null when the bytes are none.</summary>
    public static T? TryRead<T>(ReadOnlySpan<byte> line)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, JsonSerializerOptions.Web);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads up to the end of a line.</summary>
    /// <returns>The line without its end; null when the other side ended before, or the line is too long.</returns>
    public static async ValueTask<byte[]?> ReadLineAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] room = new byte[LineBytesMax];
        int length = 0;
        while (length < room.Length)
        {
            int read = await stream.ReadAsync(room.AsMemory(length), cancellationToken).ConfigureAwait(false);
            if (read == 0) return null;
            int end = room.AsSpan(length, read).IndexOf((byte)'\n');
            if (end >= 0) return room[..(length + end)];
            length += read;
        }

        return null;
    }
}
