namespace Millrace;

/// <summary>Diagnostic ids of API surface that is usable but not yet stable.</summary>
internal static class Experiments
{
    /// <summary>The engine's own extension points: used by Millrace's other assemblies, may change in any release.</summary>
    internal const string Engine = "MR9001";
}
