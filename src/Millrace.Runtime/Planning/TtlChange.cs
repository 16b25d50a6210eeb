namespace Millrace.Runtime.Planning;

/// <summary>What a changed TTL does to the rows of a snapshot, in words. None is refused: each has a meaning. Pure.</summary>
static class TtlChange
{
    /// <summary>What changes; null when nothing does.</summary>
    /// <param name="was">The TTL it was written with.</param>
    /// <param name="declared">The TTL the program declares.</param>
    public static string? Of(StateTtl? was, StateTtl? declared) => (was, declared) switch
    {
        (null, null) => null,
        (null, not null) => $"its first TTL, {declared}: for what is there it counts from the restore",
        (not null, null) => $"its TTL, {was}, is given up: what lived at the snapshot is kept for good",
        _ when was == declared => null,
        _ when was.Time != declared.Time =>
            $"its TTL was {was} and is {declared}: times of one kind say nothing in the other, so for what is there it counts from the restore",
        _ when was.Lifetime == declared.Lifetime => $"its TTL was {was} and is {declared}: holds from the restore on",
        _ when declared.Lifetime < was.Lifetime => $"its TTL was {was} and is {declared}: holds for what is there, and what is over by it is left out",
        _ => $"its TTL was {was} and is {declared}: holds for what is there, but what was over at the snapshot stays over",
    };
}
