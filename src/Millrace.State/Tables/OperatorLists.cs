using Millrace.State.Codecs;
using Millrace.State.Evolution;
using Millrace.State.Snapshots;

namespace Millrace.State.Tables;

/// <summary>The lists of one instance of a function that is not keyed: made as its constructor declares them. Owned by one task.</summary>
public sealed class OperatorLists : OperatorScope
{
    readonly StateDeclarations _declared = new();
    readonly List<IOperatorList> _lists = [];

    /// <summary>Everything declared, in order of declaration.</summary>
    public IReadOnlyList<StateDeclaration> Declarations => _declared.All;

    /// <summary>What the lists are, for snapshots.</summary>
    public IReadOnlyList<StateSchema> Schemas => [.. _lists.Select(static l => l.Schema)];

    /// <summary>The function's constructor has returned: nothing more can be declared.</summary>
    public void Close() => _declared.Close();

    /// <inheritdoc/>
    public override OperatorList<T> SplitList<T>(string name) => Declare<T>(name, StateKind.SplitList, StateLayout.Split);

    /// <inheritdoc/>
    public override OperatorList<T> UnionList<T>(string name) => Declare<T>(name, StateKind.UnionList, StateLayout.Union);

    /// <inheritdoc/>
    public override OperatorList<T> BroadcastList<T>(string name) => Declare<T>(name, StateKind.BroadcastList, StateLayout.Broadcast);

    /// <summary>The elements of all lists as they are now, encoded.</summary>
    /// <param name="subtask">Which instance.</param>
    public IReadOnlyList<StateEntry> Cut(int subtask) => [.. _lists.Select(l => l.Cut(subtask))];

    /// <summary>Fills the lists from a snapshot, before the function is opened.</summary>
    /// <param name="op">What the snapshot has of the operator.</param>
    /// <param name="subtask">Which instance.</param>
    /// <exception cref="CorruptDataException">The bytes are not elements of the list.</exception>
    /// <exception cref="IncompatibleSchemaException">What was written cannot be read as its elements.</exception>
    public void Restore(OperatorEntry op, Subtask subtask)
    {
        foreach (IOperatorList list in _lists)
        {
            StateEntry? entry = op.States.FirstOrDefault(s => s.Schema.Name == list.Schema.Name && s.Schema.Layout == list.Schema.Layout);
            if (entry is not null) list.Restore(entry.Schema.Value, Share(entry, op.Parallelism, subtask));
        }
    }

    /// <summary>
    /// The items an instance gets. Split lists stay as they are while the parallelism does, and are dealt in turn otherwise; every
    /// instance gets all of the others.
    /// </summary>
    static IEnumerable<ItemEntry> Share(StateEntry entry, int parallelism, Subtask subtask)
    {
        if (entry.Schema.Layout != StateLayout.Split) return entry.Items;
        return parallelism == subtask.Parallelism
            ? entry.Items.Where(i => i.Subtask == subtask.Index)
            : entry.Items.Where((_, index) => index % subtask.Parallelism == subtask.Index);
    }

    Elements<T> Declare<T>(string name, StateKind kind, StateLayout layout)
    {
        _declared.Add(new(kind, name, typeof(T)));
        Elements<T> list = new(name, layout);
        _lists.Add(list);
        return list;
    }

    interface IOperatorList
    {
        StateSchema Schema { get; }

        StateEntry Cut(int subtask);

        void Restore(TypeSchema written, IEnumerable<ItemEntry> items);
    }

    sealed class Elements<T>(string name, StateLayout layout) : OperatorList<T>, IOperatorList
    {
        readonly List<T> _items = [];
        StateSchema? _schema;

        // Made when it is needed: a type that cannot be stored is told with everything else that is wrong with the job.
        public StateSchema Schema => _schema ??= new() { Name = name, Layout = layout, Kind = "list", Value = Codec.Of<T>().Schema };

        public override int Count => _items.Count;

        public override T this[int index]
        {
            get => _items[index];
            set => _items[index] = value;
        }

        public override void Add(T value) => _items.Add(value);

        public override void Clear() => _items.Clear();

        public override T[] ToArray() => [.. _items];

        public StateEntry Cut(int subtask) => new()
        {
            Schema = Schema,
            Items = [.. _items.Select(i => new ItemEntry(subtask, Codec.Of<T>().Encode(i), i?.ToString() ?? "", Timestamp.None))],
        };

        public void Restore(TypeSchema written, IEnumerable<ItemEntry> items)
        {
            Codec<T> reading = Codec.Of<T>().ReadingFrom(written);
            _items.AddRange(items.Select(i => reading.Decode(i.Data.Span)));
        }
    }
}
