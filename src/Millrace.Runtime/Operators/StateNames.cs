namespace Millrace.Runtime.Operators;

/// <summary>The names of states that no user names. They are in snapshots, so they never change.</summary>
static class StateNames
{
    /// <summary>The value per key of a fold.</summary>
    public const string Fold = "state";

    /// <summary>The accumulators of windows that are not over.</summary>
    public const string Windows = "windows";
}
