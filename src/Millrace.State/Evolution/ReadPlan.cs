using Millrace.State.Codecs;

namespace Millrace.State.Evolution;

/// <summary>How the bytes of a written type become a value of a type of the program. Compared by reference; closed.</summary>
/// <param name="type">The type of the value.</param>
internal abstract class ReadPlan(Type type)
{
    /// <summary>The type of the value.</summary>
    public Type Type { get; } = type;

    /// <summary>The bytes are those the type's own codec writes, without a mark of presence.</summary>
    public sealed class Own(Type type) : ReadPlan(type);

    /// <summary>A scalar of a narrower type.</summary>
    public sealed class Widened(Type type, Type written) : ReadPlan(type)
    {
        public Type Written { get; } = written;
    }

    /// <summary>The number of an enumeration, looked up where a name has another number now.</summary>
    public sealed class Enumeration(Type type, Type written, IReadOnlyDictionary<Int128, Int128>? numbers) : ReadPlan(type)
    {
        public Type Written { get; } = written;

        public IReadOnlyDictionary<Int128, Int128>? Numbers { get; } = numbers;
    }

    /// <summary>A value with a mark of presence.</summary>
    public sealed class Optional(Type type, ReadPlan inner) : ReadPlan(type)
    {
        public ReadPlan Inner { get; } = inner;
    }

    /// <summary>A value that was never absent, where it may be now.</summary>
    public sealed class Lifted(Type type, ReadPlan inner) : ReadPlan(type)
    {
        public ReadPlan Inner { get; } = inner;
    }

    /// <summary>A sequence or set.</summary>
    public sealed class Sequence(Type type, TypeShape.Sequence shape, ReadPlan element) : ReadPlan(type)
    {
        public TypeShape.Sequence Shape { get; } = shape;

        public ReadPlan Element { get; } = element;
    }

    /// <summary>A map.</summary>
    public sealed class Map(Type type, TypeShape.Map shape, ReadPlan key, ReadPlan value) : ReadPlan(type)
    {
        public TypeShape.Map Shape { get; } = shape;

        public ReadPlan Key { get; } = key;

        public ReadPlan Value { get; } = value;
    }

    /// <summary>A row. Its steps are filled in after it was made, because it may be within itself.</summary>
    public sealed class Row(Type type, RowShape shape) : ReadPlan(type)
    {
        public RowShape Shape { get; } = shape;

        /// <summary>What becomes of the members that were written, in their order.</summary>
        public List<RowStep> Steps { get; } = [];

        /// <summary>The members that were not written and have a stated value, by position.</summary>
        public Dictionary<int, object?> Defaults { get; } = [];
    }

    /// <summary>A closed hierarchy: the plan of each case that was written, by its index. Filled in after it was made.</summary>
    public sealed class Union(Type type) : ReadPlan(type)
    {
        public List<ReadPlan> Cases { get; } = [];
    }

    /// <summary>An older form of the type, to be upgraded.</summary>
    public sealed class Upgraded(Type type, ReadPlan old) : ReadPlan(type)
    {
        public ReadPlan Old { get; } = old;
    }
}

/// <summary>What becomes of a member that was written.</summary>
/// <param name="Member">The position of the member it is read into; -1 when it is skipped.</param>
/// <param name="IsMarked">Whether a presence bit says if it is there.</param>
/// <param name="Plan">How it is read, where it is there; null when it is skipped.</param>
/// <param name="Written">Its type when it was written, without the mark.</param>
internal sealed record RowStep(int Member, bool IsMarked, ReadPlan? Plan, SchemaType Written);
