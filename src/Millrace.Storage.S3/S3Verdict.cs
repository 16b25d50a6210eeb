namespace Millrace.Storage.S3;

/// <summary>What became of a request; several together are those that its sender can use.</summary>
[Flags]
enum S3Verdict
{
    /// <summary>It succeeded.</summary>
    Done = 0,

    /// <summary>No answer, or one that asks to come again: the request may have been carried out, or may be yet.</summary>
    Unanswered = 1,

    /// <summary>409: another request was in the way. Some stores answer so to the loser of a race, others to all.</summary>
    Conflict = 2,

    /// <summary>412: the key has an object.</summary>
    Taken = 4,

    /// <summary>404: there is no such object.</summary>
    Absent = 8,

    /// <summary>404 for an upload in parts: completed, aborted or removed.</summary>
    NoUpload = 16,

    /// <summary>416: the object ends before the range begins.</summary>
    BeyondEnd = 32,

    /// <summary>A refusal that asking again does not mend.</summary>
    Refused = 64,
}
