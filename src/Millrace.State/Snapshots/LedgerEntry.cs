using System.Security.Cryptography;

namespace Millrace.State.Snapshots;

/// <summary>A place in the history of a job, and what is written there.</summary>
/// <param name="Term">The leadership.</param>
/// <param name="Sequence">The entry in the term's ledger; 0 is the one that accepts the past.</param>
/// <param name="Sha256">The hash of the entry's bytes, 64 hexadecimal digits.</param>
public sealed record LedgerPosition(long Term, long Sequence, string Sha256)
{
    /// <summary>The same place as deployments are named.</summary>
    public AttemptId Attempt => new(Term, Sequence);

    /// <summary>As in logs: <c>3.17</c>.</summary>
    public override string ToString() => Attempt.ToString();
}

/// <summary>
/// <c>ledger/&lt;term&gt;/&lt;sequence&gt;</c>: something that happened to a job, for good once it is committed. Immutable.
/// </summary>
/// <param name="Term">The leadership it was written under.</param>
/// <param name="Sequence">Its number in the term, from 0, without gaps.</param>
/// <param name="Previous">The hash of the bytes of the entry before it, which entry 0 finds in the term it accepts; <see cref="None"/> for the first of all.</param>
/// <param name="Nonce">That of the term's claim: only its writer knew it beforehand.</param>
/// <param name="At">When, by the leader's clock. For people; nothing is decided by it.</param>
/// <param name="Events">What happened, all of it or nothing, in order; at least one.</param>
public sealed record LedgerEntry(
    long Term, long Sequence, string Previous, string Nonce, DateTimeOffset At, IReadOnlyList<LedgerEvent> Events)
{
    /// <summary>The previous hash of the first entry of all.</summary>
    public static readonly string None = new('0', 64);

    /// <summary>The entry as it is stored (<c>docs/FORMATS.md</c>, section "Ledger"). The same entry has the same bytes.</summary>
    public byte[] ToBytes() => LedgerJson.WriteEntry(this);

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <param name="key">The object it was read from, for errors.</param>
    /// <param name="bytes">All of it.</param>
    /// <exception cref="LedgerCorruptException">It is no entry.</exception>
    /// <exception cref="LedgerTooNewException">A newer version of Millrace wrote it.</exception>
    public static LedgerEntry Read(string key, ReadOnlyMemory<byte> bytes) => LedgerJson.ReadEntry(key, bytes);

    /// <summary>The hash by which entries name each other: SHA-256, 64 lower-case hexadecimal digits.</summary>
    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>
/// <c>HEAD</c>: a hint where the ledger ends. It may be stale or lost, and nothing follows from what it does not name; what it names was committed, so a
/// ledger that ends before it has lost entries.
/// </summary>
/// <param name="Term">The newest term seen; 0 for none.</param>
/// <param name="Sequence">The newest entry of it seen.</param>
public readonly record struct LedgerHead(long Term, long Sequence)
{
    /// <summary>The hint as it is stored.</summary>
    public byte[] ToBytes() => LedgerJson.WriteHead(Term, Sequence);

    /// <summary>Reads a hint; the default value when there is none that can be read.</summary>
    public static LedgerHead Read(ReadOnlyMemory<byte> bytes) => LedgerJson.ReadHead(bytes) is var (term, sequence) ? new(term, sequence) : default;
}

/// <summary>An object of the ledger is not what was written, or does not follow from the one before it.</summary>
/// <param name="key">The object.</param>
/// <param name="what">What is wrong.</param>
/// <param name="cause">What showed it.</param>
public sealed class LedgerCorruptException(string key, string what, Exception? cause = null)
    : Exception($"{key} is damaged: {what}. Bring the object back from a copy of the bucket; nothing was changed", cause)
{
    /// <summary>The object.</summary>
    public string Key => key;
}

/// <summary>A newer version of Millrace wrote an object of the ledger.</summary>
/// <param name="key">The object.</param>
/// <param name="format">Its format version.</param>
/// <param name="known">The newest this version reads.</param>
public sealed class LedgerTooNewException(string key, int format, int known)
    : Exception($"{key} has format {format}, this version of Millrace reads formats up to {known}; run the version that wrote it, or a newer one")
{
    /// <summary>The object.</summary>
    public string Key => key;
}
