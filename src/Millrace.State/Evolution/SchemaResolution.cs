using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>What values are for, which decides what may change in them.</summary>
public enum SchemaUse
{
    /// <summary>Values, elements, records.</summary>
    Value,

    /// <summary>Keys of a map and elements of a set: different ones must stay different.</summary>
    Distinct,

    /// <summary>Keys of a stream: their hash must stay what it was, because it says where rows are.</summary>
    Key,
}

/// <summary>Something that is read otherwise than it was written, without loss.</summary>
/// <param name="Path">The member, as the type and its name, or what the value is for.</param>
/// <param name="Text">What has changed, as the rest of a sentence that starts with the path.</param>
/// <param name="IsUpgrade">Whether it is a step of <see cref="IUpgrade{TSelf, TOld}"/>.</param>
public sealed record SchemaChange(string Path, string Text, bool IsUpgrade = false)
{
    /// <summary>The change as one sentence without a full stop.</summary>
    public override string ToString() => $"{Path} {Text}";
}

/// <summary>Something that was written and cannot be read.</summary>
/// <param name="Path">The member, as the type and its name, or what the value is for.</param>
/// <param name="Was">What was written.</param>
/// <param name="Is">What the program has.</param>
/// <param name="Reason">What is wrong, as the rest of a sentence that starts with the path.</param>
/// <param name="Cure">What to do about it, as an imperative without a full stop.</param>
public sealed record SchemaProblem(string Path, string Was, string Is, string Reason, string Cure)
{
    /// <summary>The problem as one sentence without a full stop.</summary>
    public override string ToString() => $"{Path} {Reason}; {Cure}";
}

/// <summary>How what was written as one type is read as another. Immutable.</summary>
/// <param name="Changes">What is read otherwise than it was written, in the order of the members; empty when nothing is.</param>
/// <param name="Problems">What cannot be read; empty when all can.</param>
public sealed record SchemaResolution(IReadOnlyList<SchemaChange> Changes, IReadOnlyList<SchemaProblem> Problems)
{
    /// <summary>Whether everything that was written can be read.</summary>
    public bool IsCompatible => Problems.Count == 0;

    /// <summary>How to read it; null when it cannot be.</summary>
    internal ReadPlan? Plan { get; init; }
}

/// <summary>State cannot be read, because it was written as another type or by another key. Thrown where a plan was not asked before, or could not know.</summary>
/// <param name="message">Names the members and the cures.</param>
public sealed class IncompatibleSchemaException(string message) : Exception(message)
{
    internal static IncompatibleSchemaException Of(TypeSchema written, Type type, IReadOnlyList<SchemaProblem> problems) =>
        new($"what was written as {written.Root} cannot be read as {TypeName.Of(type)}:" + string.Concat(problems.Select(p => $"{Environment.NewLine}  {p}.")));
}
