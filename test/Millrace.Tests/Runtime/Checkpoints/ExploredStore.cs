using System.Collections.Immutable;
using Millrace.Runtime.Checkpoints;
using Millrace.State.Snapshots;

namespace Millrace.Tests.Runtime.Checkpoints;

/// <summary>An object of the ledger in an explored store.</summary>
sealed record ExploredBlob(ReadOnlyMemory<byte> Bytes, string Sha256)
{
    public UInt128 Hash { get; } = Fingerprints.Of(Sha256);
}

/// <summary>
/// The ledger's part of a store in an exploration: what is there, and creates that were sent and arrive whenever they do. Immutable; it knows its
/// fingerprint.
/// </summary>
sealed record ExploredStore
{
    static readonly LedgerKeys Keys = new("");

    public static readonly ExploredStore Empty = new();

    ImmutableArray<(string Key, ExploredBlob Blob)> Objects { get; init; } = [];

    UInt128 ObjectsHash { get; init; }

    /// <summary>Creates under way that nobody waits for any more.</summary>
    public ImmutableArray<(string Key, ExploredBlob Blob)> Late { get; init; } = [];

    public IEnumerable<string> Names => Objects.Select(static o => o.Key);

    public UInt128 Fingerprint()
    {
        UInt128 late = 0;
        foreach ((string key, ExploredBlob blob) in Late) late += Fingerprints.Mix(Fingerprints.Of(key), blob.Hash);
        return Fingerprints.Mix(ObjectsHash, late);
    }

    public ExploredBlob? Find(string key)
    {
        foreach ((string name, ExploredBlob blob) in Objects)
        {
            if (name == key) return blob;
        }

        return null;
    }

    /// <summary>What a request does and is answered.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isDelayed">Whether a create arrives later than anybody waits for it.</param>
    public (LedgerReply Reply, UInt128 Said, ExploredStore Next) Ask(LedgerRequest request, bool isDelayed = false) => request switch
    {
        LedgerRequest.ReadTerm read => Read(Keys.Term(read.Term)),
        LedgerRequest.ReadEntry read => Read(Keys.Entry(read.Term, read.Sequence)),
        LedgerRequest.CreateTerm create => Create(Keys.Term(create.Object.Claim.Term), new(create.Object.Bytes, create.Object.Sha256), isDelayed),
        LedgerRequest.CreateEntry create => Create(Keys.Entry(create.Object.Entry.Term, create.Object.Entry.Sequence), new(create.Object.Bytes, create.Object.Sha256), isDelayed),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>One of <see cref="Late"/> arrives.</summary>
    public ExploredStore Arrive(int late) => CreateIfAbsent(Late[late].Key, Late[late].Blob) with { Late = Late.RemoveAt(late) };

    public ExploredStore Without(string key) => Find(key) is not { } blob ? this : this with
    {
        Objects = Objects.Remove((key, blob)),
        ObjectsHash = ObjectsHash ^ Fingerprints.Mix(Fingerprints.Of(key), blob.Hash),
    };

    ExploredStore CreateIfAbsent(string key, ExploredBlob blob) => Find(key) is not null ? this : this with
    {
        Objects = Objects.Add((key, blob)),
        ObjectsHash = ObjectsHash ^ Fingerprints.Mix(Fingerprints.Of(key), blob.Hash),
    };

    (LedgerReply, UInt128, ExploredStore) Read(string key) =>
        Find(key) is { } blob ? (new LedgerReply.Found(blob.Bytes), blob.Hash, this) : (new LedgerReply.Missing(), ExploredLeader.Said(nameof(LedgerReply.Missing)), this);

    (LedgerReply, UInt128, ExploredStore) Create(string key, ExploredBlob blob, bool isDelayed)
    {
        if (isDelayed) return (LedgerMachine.Unanswered, ExploredLeader.Said(nameof(LedgerReply.Unknown)), this with { Late = Late.Add((key, blob)) });
        return Find(key) is null
            ? (new LedgerReply.Created(), ExploredLeader.Said(nameof(LedgerReply.Created)), CreateIfAbsent(key, blob))
            : (new LedgerReply.Exists(), ExploredLeader.Said(nameof(LedgerReply.Exists)), this);
    }
}
