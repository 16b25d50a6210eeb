namespace Millrace.Hosting;

/// <summary>An option of the engine.</summary>
/// <param name="Name">With its dashes.</param>
/// <param name="Form">As help shows it.</param>
/// <param name="Meaning">For people.</param>
internal sealed record EngineOption(string Name, string Form, string Meaning)
{
    public const string Parallelism = "--parallelism", Threads = "--threads", NoChaining = "--no-chaining", Explain = "--explain",
        Quiet = "--quiet", NoProgress = "--no-progress", Help = "--help";

    public static readonly IReadOnlyList<EngineOption> All =
    [
        new(Parallelism, "--parallelism N", $"instances of each operator that has no parallelism of its own (default: {Environment.ProcessorCount}, one per core)"),
        new(Threads, "--threads N", $"threads that share the work (default: {Environment.ProcessorCount}, one per core)"),
        new(NoChaining, "--no-chaining", "run every operator in a task of its own"),
        new(Explain, "--explain[=text|json]", "print the plan of the tasks instead of running the job"),
        new(Quiet, "--quiet", "print neither progress nor notes nor summary, only failures"),
        new(NoProgress, "--no-progress", "print no progress, only notes and the summary"),
        new(Help, "--help", "print this"),
    ];

    /// <summary>Whether a name is an option of the engine, whatever the verb.</summary>
    public static bool IsTaken(string name) => Names.Contains(name);

    /// <summary>All names that the engine takes for itself, whatever the verb.</summary>
    public static IEnumerable<string> Names => All.Concat(StorageOption.All).Select(static o => o.Name);
}

/// <summary>The options that say where the state of a job is, and what becomes of it.</summary>
internal static class StorageOption
{
    public const string Storage = "--storage", Savepoints = "--savepoints",
        CheckpointInterval = "--checkpoint-interval", CheckpointTimeout = "--checkpoint-timeout", MinPause = "--min-pause",
        ToleratedFailures = "--tolerated-failures", Alignment = "--alignment", AlignTimeout = "--align-timeout", Retained = "--retained",
        MaxConcurrent = "--max-concurrent-checkpoints", RetainedOnCancel = "--retained-on-cancel", RetainedOnFailure = "--retained-on-failure",
        Restart = "--restart", RestartAttempts = "--restart-attempts", RestartDelay = "--restart-delay", RestartDelayMax = "--restart-delay-max",
        RestartMultiplier = "--restart-multiplier", RestartJitter = "--restart-jitter", RestartInterval = "--restart-interval",
        From = "--from", Rewind = "--rewind", Claim = "--claim", AcceptDuplicates = "--accept-duplicates", AcceptDrained = "--accept-drained",
        DropState = "--drop-state", RenameState = "--rename-state", DropInFlight = "--drop-in-flight", Standby = "--standby", TakeoverAfter = "--takeover-after",
        LogCheckpoints = "--log-checkpoints", Compression = "--compression";

    public static readonly IReadOnlyList<EngineOption> All =
    [
        new(Storage, "--storage ADDRESS", "keep the state here: a folder (./state, file:///var/millrace) or s3://bucket/prefix?endpoint=http://host:port"),
        new(Savepoints, "--savepoints ADDRESS", "where savepoints get folders of their own (default: savepoints in the storage)"),
        new(CheckpointInterval, "--checkpoint-interval TIME", "from one checkpoint to the next: 200ms, 10s, 1m (default: 10s)"),
        new(CheckpointTimeout, "--checkpoint-timeout TIME", "after which a checkpoint has failed (default: 10m)"),
        new(MinPause, "--min-pause TIME", "from the end of one checkpoint to the beginning of the next, at least (default: 0s)"),
        new(ToleratedFailures, "--tolerated-failures N", "checkpoints that may fail in a row before the tasks are restarted (default: 2)"),
        new(Alignment, "--alignment KIND", "aligned, unaligned or at-least-once (default: aligned, until --align-timeout)"),
        new(AlignTimeout, "--align-timeout TIME", "after which an aligned checkpoint overtakes the records in its way; 'never' for never (default: 1s)"),
        new(MaxConcurrent, "--max-concurrent-checkpoints N", "checkpoints under way at a time; more than one only with --align-timeout never or --alignment at-least-once (default: 1)"),
        new(Compression, "--compression auto|none|lz4", "whether the rows of snapshots are compressed (default: auto, which is lz4 in a bucket and none in a folder)"),
        new(LogCheckpoints, "--log-checkpoints", "print a line for each: how long it took, its bytes, its requests to the storage by verb"),
        new(Retained, "--retained N", "checkpoints kept to go on from (default: 3)"),
        new(RetainedOnCancel, "--retained-on-cancel yes|no", "whether they are kept when the job is cancelled (default: yes)"),
        new(RetainedOnFailure, "--retained-on-failure yes|no", "whether they are kept when the job gives up; without them it can only begin anew (default: yes)"),
        new(Restart, "--restart POLICY", "after a failure: exponential-delay, fixed-delay, failure-rate or none (default: exponential-delay)"),
        new(RestartAttempts, "--restart-attempts N", "restarts before giving up; with failure-rate: failures in the interval (default: no end; 1 with the other two)"),
        new(RestartDelay, "--restart-delay TIME", "the wait before a restart, the first one with exponential-delay (default: 1s)"),
        new(RestartDelayMax, "--restart-delay-max TIME", "exponential-delay: the longest wait (default: 1m)"),
        new(RestartMultiplier, "--restart-multiplier X", "exponential-delay: how much longer each time (default: 1.5)"),
        new(RestartJitter, "--restart-jitter X", "exponential-delay: by which part the wait varies (default: 0.1)"),
        new(RestartInterval, "--restart-interval TIME", "failure-rate: the time in which failures are counted (default: 1m)"),
        new(From, "--from WHERE", "fresh, latest, latest-savepoint, or the path or URL of a snapshot (default: where the job was)"),
        new(Rewind, "--rewind", "leave a line of history that could go on, for what --from says"),
        new(Claim, "--claim", "delete the savepoint of --from after the first checkpoint"),
        new(AcceptDuplicates, "--accept-duplicates", "go on although sinks may get again what they committed"),
        new(AcceptDrained, "--accept-drained", "start from a snapshot whose windows and timers have all fired"),
        new(DropState, "--drop-state OP[/STATE]", "give up the state of an operator, or one of its states; records on their way to it are kept; may be repeated"),
        new(RenameState, "--rename-state OLD=NEW", "hand the state of operator OLD to operator NEW; may be repeated"),
        new(DropInFlight, "--drop-in-flight OP", "give up the records that were on their way to an operator; may be repeated"),
        new(Standby, "--standby", "wait while another process runs the job, take over when it is gone, and wait again when overtaken"),
        new(TakeoverAfter, "--takeover-after TIME", "how long a leader that cannot be asked must have written nothing before it is taken for gone (default: 30s or three intervals)"),
    ];

    /// <summary>Those that may be given more than once.</summary>
    public static bool IsRepeatable(string name) => name is DropState or RenameState or DropInFlight;
}

/// <summary>What the program is to do.</summary>
internal enum HostVerb
{
    Run,
    Plan,
    Status,
    Checkpoint,
    Savepoint,
    Stop,
    Cancel,
    SchemaWrite,
    SchemaCheck,
}

/// <summary>The verbs, and the options only they have.</summary>
internal static class VerbOption
{
    public const string To = "--to", Drain = "--drain", WithSavepoint = "--savepoint", Lock = "--lock", Schema = "schema";

    public static readonly IReadOnlyList<(HostVerb Verb, string Form, string Meaning)> All =
    [
        (HostVerb.Run, "run", "run the job; the default"),
        (HostVerb.Plan, "plan", "say what a start with the same options would do, and what becomes of each state; starts nothing"),
        (HostVerb.Status, "status", "say where the job is in its life"),
        (HostVerb.Checkpoint, "checkpoint", "have the running job take a checkpoint now"),
        (HostVerb.Savepoint, "savepoint [--to ADDRESS]", "have the running job take a savepoint"),
        (HostVerb.Stop, "stop [--drain] [--to ADDRESS]", "stop the running job with a savepoint; --drain fires all windows and event timers first"),
        (HostVerb.Cancel, "cancel [-s] [--to ADDRESS]", "end the running job for good; -s (--savepoint) takes a savepoint first"),
        (HostVerb.SchemaWrite, "schema write [--lock FILE]", "write what state the job declares into a file to be committed (default: <job>.schema.json)"),
        (HostVerb.SchemaCheck, "schema check [--lock FILE]", "compare the job with that file; exit code 1 when it is to be written anew, 2 when state would not be restored"),
    ];

    /// <summary>The verb that the first words name, and how many they are; null for none.</summary>
    /// <exception cref="UsageException">The first word needs another.</exception>
    public static (HostVerb? Verb, int Words) Parse(IReadOnlyList<string> words)
    {
        if (words.Count == 0) return (null, 0);
        if (words[0] != Schema) return All.Where(v => v.Form.Split(' ')[0] == words[0]).Select(static v => ((HostVerb?)v.Verb, 1)).FirstOrDefault();
        return words.Count < 2 ? throw Incomplete("") : words[1] switch
        {
            "write" => (HostVerb.SchemaWrite, 2),
            "check" => (HostVerb.SchemaCheck, 2),
            var other => throw Incomplete($", not '{other}'"),
        };

        static UsageException Incomplete(string not) => new($"after '{Schema}' comes write or check{not}");
    }

    /// <summary>Whether a word is an option of a verb.</summary>
    public static bool Has(HostVerb verb, string name) => Names(verb).Contains(name);

    /// <summary>The options of a verb.</summary>
    public static IReadOnlyList<string> Names(HostVerb verb) => verb switch
    {
        HostVerb.Savepoint => [To],
        HostVerb.Stop => [To, Drain],
        HostVerb.Cancel => [To, WithSavepoint, "-s"],
        HostVerb.SchemaWrite or HostVerb.SchemaCheck => [Lock],
        _ => [],
    };
}
